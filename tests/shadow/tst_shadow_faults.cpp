// SPDX-License-Identifier: Apache-2.0
// A full disk, the death of the process, and very many segments.
#include <csignal>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest>

#include "engine/base/file_system.h"

#include "tests/replica/check_result.h"
#include "tests/replica/small_disk.h"
#include "tests/shadow/shadow_fixture.h"

using namespace engine;
using namespace testing;

namespace {

/// A number that a child counts up and its parent reads, also after the child's death.
class SharedCounter {
public:
    SharedCounter()
        : m_memory(::mmap(nullptr,
                          sizeof(std::uint64_t),
                          PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS,
                          -1,
                          0)) {}

    ~SharedCounter() { ::munmap(m_memory, sizeof(std::uint64_t)); }

    SharedCounter(const SharedCounter&) = delete;
    SharedCounter& operator=(const SharedCounter&) = delete;

    void set(std::uint64_t value) const {
        __atomic_store_n(static_cast<std::uint64_t*>(m_memory), value, __ATOMIC_SEQ_CST);
    }

    std::uint64_t get() const {
        return __atomic_load_n(static_cast<std::uint64_t*>(m_memory), __ATOMIC_SEQ_CST);
    }

private:
    void* m_memory;
};

}  // namespace

class TestShadowFaults : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<ShadowFixture> m_fixture;

private slots:

    void init() { m_fixture = std::make_unique<ShadowFixture>(); }

    void fullDisk_isNoSpaceAndTheLogIsIntact() {
        QVERIFY(makeFolders(m_fixture->folder()).ok());
        const auto disk = SmallDisk::mount(m_fixture->folder(), 2u << 20);
        REQUIRE_OR_SKIP(disk != nullptr, "mount");
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        const SegmentPlan plan{.commits = 2, .pages = 20, .pageSize = 4096, .durable = true};
        Status last;
        while (last.ok()) {
            const auto segment = m_fixture->append(*log, chain, plan);
            last = segment.ok() ? Status{} : Status{segment.error()};
        }
        COMPARE_CODE(last, NoSpace);
        QVERIFY(chain.commits.size() > 4);
        for (const std::string& name : namesIn(m_fixture->generationFolder(chain))) {
            QVERIFY2(name.substr(0, 5) != ".tmp-", name.c_str());
        }
        QVERIFY(replayAll(*log, chain.generation).value() == chain.commits);
        const auto again = m_fixture->open();
        QCOMPARE(again->recovery().setAside, std::uint64_t(0));
        QVERIFY(replayAll(*again, chain.generation).value() == chain.commits);
        // Room again: it goes on without a gap.
        QVERIFY(disk->resize(8u << 20));
        VERIFY_OK(m_fixture->append(*log, chain, plan));
        QVERIFY(replayAll(*m_fixture->open(), chain.generation).value() == chain.commits);
    }

    void killedWhileAppending_keepsEveryPublishedSegment() {
        const SegmentPlan plan{.commits = 2, .pages = 100, .pageSize = 4096};
        std::uint64_t most = 0;
        for (std::uint64_t round = 1; round <= 8; ++round) {
            m_fixture = std::make_unique<ShadowFixture>();
            const SharedCounter published;
            const pid_t child = ::fork();
            QVERIFY(child >= 0);
            if (child == 0) {
                const auto log = m_fixture->open();
                Chain chain{.generation = GenerationId{7}};
                while (m_fixture->append(*log, chain, plan).ok()) {
                    published.set(chain.lastTx.value);
                }
                ::_exit(1);
            }
            while (published.get() < round * 5) {}
            QVERIFY(::kill(child, SIGKILL) == 0);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY(WIFSIGNALED(status));
            const auto log = m_fixture->open();
            QCOMPARE(log->recovery().setAside, std::uint64_t(0));
            const auto last = log->lastSegment(GenerationId{7});
            QVERIFY(last.has_value() && last->lastTx.value >= published.get());
            const auto seen = replayAll(*log, GenerationId{7});
            VERIFY_OK(seen);
            QCOMPARE(seen.value().size(), static_cast<std::size_t>(last->lastTx.value));
            most = std::max(most, last->lastTx.value);
        }
        qInfo("up to %llu commits were published before the kill",
              static_cast<unsigned long long>(most));
    }

    void open_threeThousandSegments_isFast() {
        const auto log = m_fixture->open();
        Chain chain{.generation = GenerationId{7}};
        QElapsedTimer timer;
        timer.start();
        for (int i = 0; i < 3000; ++i) {
            VERIFY_OK(m_fixture->append(*log, chain, {.commits = 2, .pages = 2}));
            chain.commits.clear();
        }
        const qint64 written = timer.restart();
        const auto again = m_fixture->open();
        const qint64 opened = timer.elapsed();
        qInfo("3000 segments: written in %lld ms, opened in %lld ms",
              static_cast<long long>(written),
              static_cast<long long>(opened));
        QCOMPARE(again->recovery().segments, std::uint64_t(3000));
        QVERIFY2(opened < 10'000, "opening reads more than the tables");
    }
};

int main(int argc, char** argv) {
    testing::enterMountNamespace();
    QCoreApplication application(argc, argv);
    TestShadowFaults test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_shadow_faults.moc"
