// SPDX-License-Identifier: Apache-2.0
// Every byte of a small replica is flipped, every object truncated, swapped and removed: a restore
// is exact or refused, never wrong.
#include <QTemporaryDir>
#include <QtTest>

#include "engine/base/file_system.h"
#include "engine/replica/marker.h"
#include "engine/restore/restorer.h"
#include "engine/restore/verifier.h"

#include "tests/history/history_maker.h"

using namespace engine;

namespace {

struct Outcome {
    std::uint64_t exact = 0;
    std::uint64_t refused = 0;
    std::string wrong;
};

bool isRefusal(ErrorCode code) {
    return code == ErrorCode::Corruption || code == ErrorCode::NotFound ||
           code == ErrorCode::Unsupported || code == ErrorCode::PermissionDenied ||
           code == ErrorCode::NoSpace;
}

}  // namespace

class TestDamage : public QObject {
    Q_OBJECT

private slots:

    void init() {
        m_maker = std::make_unique<HistoryMaker>(512);
        m_maker->setPartBytes(3u << 10);
        std::mt19937_64 random(21);
        m_states = {m_maker->begin(TxId{1}, Time{1000}, m_maker->randomImage(8, random))};
        for (std::uint64_t i = 2; i <= 6; ++i) {
            Buffer image = m_maker->changed(m_maker->states()[m_states.back()].image, random, 10);
            const Time time{static_cast<std::int64_t>(i) * 1000};
            m_states.push_back(m_maker->follow(m_states.back(), TxId{i}, time, std::move(image)));
        }
        m_maker->snapshot(m_states[0]);
        m_maker->segment(m_states[0], {m_states[1], m_states[2], m_states[3]});
        m_maker->segment(m_states[3], {m_states[4], m_states[5]});
    }

    void flippedByte_anywhere_isExactOrRefused() {
        Outcome outcome;
        for (const auto& [name, bytes] : m_maker->replica().place().objects()) {
            for (std::size_t at = 0; at < bytes.size(); ++at) {
                Buffer damaged = bytes;
                damaged[at] ^= std::byte{static_cast<unsigned char>(1u << (at % 8))};
                m_maker->replica().place().store(name, damaged);
                tryRestore(outcome, name + " byte " + std::to_string(at));
                QVERIFY2(outcome.wrong.empty(), outcome.wrong.c_str());
            }
            m_maker->replica().place().store(name, bytes);
        }
        qInfo("exact %llu, refused %llu",
              static_cast<unsigned long long>(outcome.exact),
              static_cast<unsigned long long>(outcome.refused));
        QVERIFY(outcome.refused > 1000);
    }

    void truncatedObject_anyLength_isExactOrRefused() {
        Outcome outcome;
        for (const auto& [name, bytes] : m_maker->replica().place().objects()) {
            for (std::size_t length = 0; length < bytes.size(); length += 7) {
                m_maker->replica().place().store(
                    name,
                    Buffer(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
                tryRestore(outcome, name + " cut to " + std::to_string(length));
                QVERIFY2(outcome.wrong.empty(), outcome.wrong.c_str());
            }
            m_maker->replica().place().store(name, bytes);
        }
        QVERIFY(outcome.refused > 100);
    }

    void swappedObjects_areRefused() {
        const auto objects = m_maker->replica().place().objects();
        Outcome outcome;
        for (const auto& [a, bytesA] : objects) {
            for (const auto& [b, bytesB] : objects) {
                if (a == b || a == kMarker || b == kMarker) {
                    continue;
                }
                m_maker->replica().place().store(a, bytesB);
                m_maker->replica().place().store(b, bytesA);
                tryRestore(outcome, a + " swapped with " + b);
                QVERIFY2(outcome.wrong.empty(), outcome.wrong.c_str());
                m_maker->replica().place().store(a, bytesA);
                m_maker->replica().place().store(b, bytesB);
            }
        }
        QCOMPARE(outcome.exact, std::uint64_t{0});
    }

    void missingObject_isNamedByVerifyAndRefused() {
        for (const auto& [name, bytes] : m_maker->replica().place().objects()) {
            if (name == kMarker) {
                continue;
            }
            m_maker->replica().place().erase(name);
            Outcome outcome;
            tryRestore(outcome, name + " removed");
            QVERIFY2(outcome.wrong.empty() && outcome.refused == 1, outcome.wrong.c_str());
            m_maker->replica().place().store(name, bytes);
        }
    }

    void hostileNames_areTakenForNothing() {
        const std::string folder = folderOf(m_maker->location());
        for (const char* name : {"x",
                                 "0000000000000001/x",
                                 "0000000000000001/zz.seg.a.b.p00001",
                                 "0000000000000001/0000000000000001.seg.p00001",
                                 "pins/0000000000000001"}) {
            m_maker->replica().place().store(folder + name, Buffer(10));
        }
        Outcome outcome;
        tryRestore(outcome, "hostile names");
        QCOMPARE(outcome.exact, std::uint64_t{1});
    }

private:
    void tryRestore(Outcome& outcome, const std::string& what) {
        const MadeState& state = m_maker->states()[m_states.back()];
        const History history = m_maker->load();
        const RestoreTarget target{.kind = RestoreTarget::Kind::Tx,
                                   .generation = state.generation,
                                   .tx = state.tx,
                                   .moment = {},
                                   .root = {}};
        const PlanResult plan = planRestore(history, target);
        if (!plan.ok()) {
            outcome.wrong = isRefusal(plan.failure.code) && !plan.failure.reason.empty()
                                ? ""
                                : what + ": bad refusal";
            ++outcome.refused;
            return;
        }
        RestoreOptions options;
        options.targetPath = m_folder.filePath(QStringLiteral("out")).toStdString();
        options.verify = VerifyLevel::Pages;
        const auto report =
            restoreToFile({&m_maker->replica(), nullptr}, history, *plan.plan, options, {});
        if (!report.ok()) {
            const bool fine = isRefusal(report.error().code) && !factsOf(options.targetPath).ok();
            outcome.wrong = fine ? "" : what + ": " + report.error().message;
            ++outcome.refused;
            return;
        }
        const bool same = readWholeFile(options.targetPath, 1u << 20).value() == state.image;
        outcome.wrong = same ? "" : what + ": another image than was recorded";
        ++outcome.exact;
        ENSURE(removeFile(options.targetPath).ok());
    }

    QTemporaryDir m_folder;
    std::unique_ptr<HistoryMaker> m_maker;
    std::vector<std::size_t> m_states;
};

QTEST_GUILESS_MAIN(TestDamage)
#include "tst_damage.moc"
