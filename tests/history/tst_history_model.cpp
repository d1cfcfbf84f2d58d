// SPDX-License-Identifier: Apache-2.0
// Random histories against an oracle that knows every state: which points can be reached is found
// by brute force, and each plan is carried out naively, frame by frame, and compared with the image
// that was recorded.
#include <algorithm>
#include <set>
#include <tuple>

#include <QtTest>

#include "engine/format/artefact_reader.h"
#include "engine/history/state_graph.h"
#include "engine/history/timeline.h"

#include "tests/history/history_maker.h"

using namespace engine;

namespace {

using StateKey = std::tuple<GenerationId, TxId, Root>;

StateKey keyOf(const MadeState& state) {
    return {state.generation, state.tx, state.root};
}

StateKey keyOf(const TimelinePoint& point) {
    return {point.point.generation, point.point.tx, point.root};
}

/// A random tree of states per generation, and random artefacts over its branches.
class Schedule {
public:
    explicit Schedule(std::uint64_t seed)
        : m_random(seed) {
        maker.setPartBytes(m_random() % 3 == 0 ? 6u << 10 : 1u << 20);
        const std::uint64_t generations = 1 + m_random() % 2;
        for (std::uint64_t i = 0; i < generations; ++i) {
            makeGeneration(i);
        }
        for (std::uint64_t i = m_random() % 3; i > 0 && !maker.artefacts().empty(); --i) {
            maker.remove(m_random() % maker.artefacts().size());
        }
    }

    HistoryMaker maker{512};

private:
    void makeGeneration(std::uint64_t number) {
        std::int64_t ms = 1000 + static_cast<std::int64_t>(number) * 100'000;
        const TxId first{1 + m_random() % 3};
        std::vector<std::size_t> states{
            maker.begin(first, Time{ms}, maker.randomImage(1 + m_random() % 6, m_random))};
        for (std::uint64_t left = 1 + m_random() % 14; left > 0; --left) {
            const bool fork = m_random() % 12 == 0;
            const std::size_t parent = fork ? states[m_random() % states.size()] : states.back();
            ms += m_random() % 15 == 0 ? -1500 : static_cast<std::int64_t>(m_random() % 1000);
            Buffer image = maker.changed(maker.states()[parent].image, m_random, 10);
            const TxId tx{maker.states()[parent].tx.value + 1 + (m_random() % 6 == 0 ? 2 : 0)};
            states.push_back(
                maker.follow(parent, tx, Time{ms}, std::move(image), m_random() % 9 == 0));
        }
        maker.snapshot(states.front());
        for (std::uint64_t left = 2 + m_random() % 8; left > 0; --left) {
            makeArtefact(states);
        }
    }

    void makeArtefact(const std::vector<std::size_t>& states) {
        const std::size_t end = states[m_random() % states.size()];
        maker.setWriter(WriterId{0x70 + m_random() % 3});
        if (m_random() % 5 == 0) {
            const MadeState& state = maker.states()[end];
            const bool late = state.parent != end && m_random() % 2 == 0;
            maker.snapshot(end, late ? maker.states()[state.parent].tx : TxId{});
            return;
        }
        // Back along the branch; some states are left out, as thinning does.
        std::vector<std::size_t> path{end};
        std::size_t at = maker.states()[end].parent;
        for (std::uint64_t left = m_random() % 10; left > 0 && maker.states()[at].parent != at;
             --left) {
            if (m_random() % 6 != 0) {
                path.insert(path.begin(), at);
            }
            at = maker.states()[at].parent;
        }
        if (at != end) {
            maker.segment(at, path);
        }
    }

    std::mt19937_64 m_random;
};

/// Until nothing changes: what a snapshot gives, and what a commit leads to from what is reached.
std::set<StateKey> reachable(const HistoryMaker& maker) {
    std::set<StateKey> reached;
    for (bool changed = true; changed;) {
        const std::size_t before = reached.size();
        for (const MadeArtefact& artefact : maker.artefacts()) {
            if (artefact.kind == ArtefactKind::Snapshot) {
                reached.insert(keyOf(maker.states()[artefact.states[0]]));
                continue;
            }
            std::size_t from = artefact.from;
            for (const std::size_t to : artefact.states) {
                if (reached.count(keyOf(maker.states()[from])) != 0) {
                    reached.insert(keyOf(maker.states()[to]));
                }
                from = to;
            }
        }
        changed = reached.size() != before;
    }
    return reached;
}

/// Those from which a stored commit leads on.
std::set<StateKey> followedStates(const HistoryMaker& maker) {
    const std::set<StateKey> reached = reachable(maker);
    std::set<StateKey> followed;
    for (const MadeArtefact& artefact : maker.artefacts()) {
        std::size_t from = artefact.from;
        for (const std::size_t to : artefact.states) {
            const StateKey key = keyOf(maker.states()[from]);
            if (artefact.kind == ArtefactKind::Segment && reached.contains(key)) {
                followed.insert(key);
            }
            from = to;
        }
    }
    return followed;
}

/// Applies commits [first, first + count) of an artefact to an image.
class ImageSink final : public CommitSink {
public:
    ImageSink(Buffer& image, std::uint32_t pageSize, std::uint64_t first, std::uint64_t count)
        : m_image(image)
        , m_pageSize(pageSize)
        , m_first(first)
        , m_end(first + count) {}

    Status frame(const PageFrame& frame) override {
        m_frames.emplace_back(frame.page - 1, Buffer(frame.bytes.begin(), frame.bytes.end()));
        return {};
    }

    Status commit(const Commit& commit) override {
        if (m_commit >= m_first && m_commit < m_end) {
            m_image.resize(
                std::max<std::size_t>(m_image.size(), commit.highWaterMark * m_pageSize));
            for (const auto& [index, bytes] : m_frames) {
                if (index < commit.highWaterMark) {
                    std::copy(bytes.begin(),
                              bytes.end(),
                              m_image.begin() + static_cast<std::ptrdiff_t>(index * m_pageSize));
                }
            }
            m_image.resize(commit.highWaterMark * m_pageSize);
        }
        ++m_commit;
        m_frames.clear();
        return {};
    }

    void abandon() override { m_frames.clear(); }

private:
    Buffer& m_image;
    const std::uint32_t m_pageSize;
    const std::uint64_t m_first;
    const std::uint64_t m_end;
    std::uint64_t m_commit = 0;
    std::vector<std::pair<std::uint64_t, Buffer>> m_frames;
};

Buffer carryOut(const HistoryMaker& maker, const History& history, const RestorePlan& plan) {
    Buffer image;
    for (const PlannedArtefact& planned : plan.artefacts) {
        const HistoryArtefact& artefact = history.artefacts[planned.artefact];
        const PartFetch fetch = [&](std::uint32_t part) {
            return maker.replica().get(artefact.descriptor.parts[part - 1].name, {});
        };
        ImageSink sink(image, plan.pageSize, planned.firstCommit, planned.commitCount);
        const Status replayed = replayArtefact(*artefact.table, fetch, nullptr, sink);
        ENSURE(replayed.ok());
    }
    return image;
}

/// The states of a timeline in the recorded order, for the oracle of moments.
bool holds(const PlanResult& result, const TimelinePoint& point) {
    return result.ok() && result.plan->point == point.point && result.plan->root == point.root;
}

}  // namespace

class TestHistoryModel : public QObject {
    Q_OBJECT

private slots:

    void randomHistories_plannerReachesExactlyWhatExists() {
        constexpr std::uint64_t kSchedules = 3000;
        const std::uint64_t base = qEnvironmentVariableIsSet("STRANDLINE_SEED")
                                       ? qEnvironmentVariable("STRANDLINE_SEED").toULongLong()
                                       : 20'260'614;
        qInfo("seeds %llu..%llu",
              static_cast<unsigned long long>(base),
              static_cast<unsigned long long>(base + kSchedules - 1));
        std::uint64_t points = 0;
        for (std::uint64_t i = 0; i < kSchedules; ++i) {
            const Schedule schedule(base + i);
            const std::string seed = "seed " + std::to_string(base + i);
            const std::string wrong = checkOne(schedule.maker, points);
            QVERIFY2(wrong.empty(), (seed + ": " + wrong).c_str());
        }
        qInfo("points restored and compared: %llu", static_cast<unsigned long long>(points));
        QVERIFY(points > kSchedules);
    }

private:
    static std::string checkOne(const HistoryMaker& maker, std::uint64_t& points) {
        const History history = maker.load();
        const StateGraph graph(history);
        const std::vector<TimelinePoint> timeline = buildTimeline(graph);
        std::set<StateKey> offered;
        for (const TimelinePoint& point : timeline) {
            if (!offered.emplace(point.point.generation, point.point.tx, point.root).second) {
                return "a point is offered twice: " + toText(point.point);
            }
        }
        if (offered != reachable(maker)) {
            return "the timeline offers other points than exist";
        }
        for (std::size_t i = 0; i < timeline.size(); ++i) {
            const std::string wrong = checkPoint(maker, graph, timeline, i);
            if (!wrong.empty()) {
                return toText(timeline[i].point) + ": " + wrong;
            }
            ++points;
        }
        const std::string wrong = checkNewest(maker, graph, timeline);
        return wrong.empty() ? checkMoments(graph, timeline) : wrong;
    }

    static std::string checkPoint(const HistoryMaker& maker,
                                  const StateGraph& graph,
                                  const std::vector<TimelinePoint>& timeline,
                                  std::size_t i) {
        const TimelinePoint& point = timeline[i];
        const MadeState* made = maker.find(point.point.generation, point.point.tx, point.root);
        RestoreTarget target{.kind = RestoreTarget::Kind::Tx,
                             .generation = point.point.generation,
                             .tx = point.point.tx,
                             .moment = {},
                             .root = point.root};
        const PlanResult exact = planRestore(graph, target);
        if (!holds(exact, point)) {
            return "is offered, but not planned";
        }
        if (carryOut(maker, graph.history(), *exact.plan) != made->image) {
            return "its plan gives other bytes than were recorded";
        }
        // Two branches may come to the same image at the same TxId, at different times.
        const auto sameTime = [&](const MadeState& state) {
            return keyOf(state) == keyOf(*made) && state.time == point.time;
        };
        if (exact.plan->time != point.time ||
            std::none_of(maker.states().begin(), maker.states().end(), sameTime)) {
            return "has another time than was recorded";
        }
        target.root.reset();
        const auto times = static_cast<std::size_t>(
            std::count_if(timeline.begin(), timeline.end(), [&](const TimelinePoint& other) {
                return other.point == point.point;
            }));
        const PlanResult bare = planRestore(graph, target);
        if (times == 1 ? !holds(bare, point) : bare.failure.candidates.size() != times) {
            return "the bare point means something else";
        }
        return {};
    }

    /// Of the last generation the end of a branch with the latest time.
    static std::string checkNewest(const HistoryMaker& maker,
                                   const StateGraph& graph,
                                   const std::vector<TimelinePoint>& timeline) {
        const std::set<StateKey> followed = followedStates(maker);
        const TimelinePoint* newest = nullptr;
        for (const TimelinePoint& point : timeline) {
            const bool end = !followed.contains(keyOf(point));
            const bool later =
                newest == nullptr || newest->point.generation != point.point.generation ||
                std::tie(newest->time, newest->point.tx) <= std::tie(point.time, point.point.tx);
            newest = end && later ? &point : newest;
        }
        const PlanResult planned = planRestore(graph, RestoreTarget{});
        if (newest == nullptr) {
            return planned.ok() ? "a newest where there is nothing" : "";
        }
        const bool same = planned.ok() && planned.plan->time == newest->time &&
                          planned.plan->point == newest->point;
        return same ? "" : "the newest is another point than " + toText(newest->point);
    }

    /// Whatever a moment gives is never a later state, and never skips a recorded one.
    static std::string checkMoments(const StateGraph& graph,
                                    const std::vector<TimelinePoint>& timeline) {
        std::set<std::int64_t> times{0};
        for (const TimelinePoint& point : timeline) {
            times.insert({point.time.ms - 1, point.time.ms, point.time.ms + 1});
        }
        for (const std::int64_t ms : times) {
            RestoreTarget target;
            target.kind = RestoreTarget::Kind::Moment;
            target.moment = Time{ms};
            const PlanResult result = planRestore(graph, target);
            if (!result.ok()) {
                const bool told = !result.failure.reason.empty() &&
                                  (result.failure.nearest || !result.failure.candidates.empty() ||
                                   timeline.empty());
                if (!told) {
                    return "a moment is refused without a reason or a nearest point";
                }
                continue;
            }
            if (result.plan->time > Time{ms}) {
                return "a moment gives a later state";
            }
            const std::string wrong = checkChosen(timeline, *result.plan, Time{ms});
            if (!wrong.empty()) {
                return wrong;
            }
        }
        return {};
    }

    /// After the chosen point, in the recorded order, no bare point lies at or before the moment.
    static std::string checkChosen(const std::vector<TimelinePoint>& timeline,
                                   const RestorePlan& plan,
                                   Time moment) {
        bool after = false;
        for (std::size_t i = 0; i < timeline.size(); ++i) {
            const bool isMain =
                i + 1 == timeline.size() || timeline[i + 1].point != timeline[i].point;
            if (isMain && after && timeline[i].time <= moment) {
                return "a moment skips a recorded state at or before it";
            }
            after = after || (isMain && timeline[i].point == plan.point);
        }
        return {};
    }
};

QTEST_GUILESS_MAIN(TestHistoryModel)
#include "tst_history_model.moc"
