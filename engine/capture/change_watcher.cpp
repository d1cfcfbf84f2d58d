// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/change_watcher.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/base/ensure.h"
#include "engine/base/log.h"
#include "engine/base/mutex.h"
#include "engine/base/thread.h"
#include "engine/capture/watch_table.h"

namespace engine {
namespace {

constexpr std::size_t kBatchBytes = 64u << 10;
constexpr SourceEvents kEverything{true, true, true};
constexpr std::chrono::milliseconds kBurstRest{2};
constexpr std::chrono::milliseconds kSilentRest{20};
/// A watcher that has not come so far in this time is itself in trouble.
constexpr std::chrono::milliseconds kDrainMax{20};

void addTo(SourceEvents& all, const SourceEvents& events) noexcept {
    all.anything = all.anything || events.anything;
    all.shmTouched = all.shmTouched || events.shmTouched;
    all.lost = all.lost || events.lost;
}

class Descriptor {
public:
    explicit Descriptor(int fd)
        : m_fd(fd) {}

    ~Descriptor() {
        if (m_fd >= 0) {
            ::close(m_fd);
        }
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const noexcept { return m_fd; }

private:
    int m_fd;
};

}  // namespace

class ChangeWatcher::Worker {
public:
    explicit Worker(OnEvent onEvent);

    Id add(std::string path);
    void remove(Id id);
    void recheck(Id id);
    SourceEvents take(Id id);
    SourceEvents takeDrained(Id id);
    bool polled(Id id) const;

    void stop() {
        m_thread.requestStop();
        m_thread.join();
    }

private:
    struct Request {
        enum class Kind : std::uint8_t { Add, Remove, Recheck };
        Kind kind = Kind::Add;
        Id id = 0;
        std::string path;
    };

    struct Seen {
        SourceEvents events;
        SourceEvents sinceDrained;
        bool polled = true;
    };

    /// What one batch of events means, per database.
    using Batch = std::map<Id, WatchEffect>;

    void run(const std::stop_token& stop);
    void setReading(bool reading);
    void poke() const;
    void serveRequests();
    bool readEvents();
    bool queueIsEmpty() const;
    bool takeEvent(Batch& batch, const inotify_event& event, const char* name);
    static void add(Batch& batch, const std::vector<WatchEffect>& effects);
    void apply(const Batch& batch);
    void everythingChanged();
    void resolve(Id id, bool always);
    void retryShortOfWatches();
    void report(Id id, const SourceEvents& events, bool always);
    void setPolled(Id id, bool polled);

    const OnEvent m_onEvent;
    const Descriptor m_inotify;
    const Descriptor m_wake;

    // The thread's own.
    WatchTable m_table;
    std::map<Id, std::string> m_paths;
    std::vector<char> m_buffer;

    mutable Mutex m_mutex;
    std::vector<Request> m_requests ENGINE_GUARDED_BY(m_mutex);
    std::unordered_map<Id, Seen> m_seen ENGINE_GUARDED_BY(m_mutex);
    Id m_lastId ENGINE_GUARDED_BY(m_mutex) = 0;
    bool m_reading ENGINE_GUARDED_BY(m_mutex) = false;  // a batch is on its way to m_seen
    Condition m_read;

    Thread m_thread;
};

ChangeWatcher::Worker::Worker(OnEvent onEvent)
    : m_onEvent(std::move(onEvent))
    , m_inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
    , m_wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
    , m_table(m_inotify.get())
    , m_buffer(kBatchBytes) {
    if (m_inotify.get() < 0) {
        log::capture().warn("no change events, databases are polled errno={}", errno);
    }
    ENSURE(m_wake.get() >= 0);
    // It does little, but what it does late costs the app.
    m_thread = Thread(
        "watcher", [this](const std::stop_token& stop) { run(stop); }, ThreadPriority::Normal);
}

void ChangeWatcher::Worker::run(const std::stop_token& stop) {
    const std::stop_callback onStop(stop, [this] { poke(); });
    std::array<pollfd, 2> waits{pollfd{m_wake.get(), POLLIN, 0},
                                pollfd{m_inotify.get(), POLLIN, 0}};
    using std::chrono::steady_clock;
    steady_clock::time_point restUntil{};
    while (!stop.stop_requested()) {
        // In a burst this thread rests, and folders are not asked for writes: neither it nor the
        // app is held up by each of them. Whoever needs to know at once pokes; that ends no rest,
        // and makes none longer.
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(restUntil - steady_clock::now());
        const bool resting = left.count() > 0;
        if (!resting) {
            Batch meanwhile;
            add(meanwhile, m_table.listenAgain());
            apply(meanwhile);
        }
        waits[1].revents = 0;
        const int ready = ::poll(waits.data(),
                                 resting ? 1 : waits.size(),
                                 resting ? static_cast<int>(left.count()) : -1);
        ENSURE(ready >= 0 || errno == EINTR);
        if (ready <= 0) {
            continue;
        }
        // Events first: what a request resolves anew must not be told about older folders.
        const bool poked = (waits[0].revents & POLLIN) != 0;
        setReading(true);
        const bool any = readEvents();
        setReading(false);
        if (any && !resting) {
            restUntil = steady_clock::now() + (m_table.anyQuiet() ? kSilentRest : kBurstRest);
        }
        if (poked) {
            serveRequests();
        }
    }
}

void ChangeWatcher::Worker::setReading(bool reading) {
    const MutexLock lock(m_mutex);
    m_reading = reading;
    m_read.notifyAll();
}

void ChangeWatcher::Worker::poke() const {
    // EAGAIN: the counter is full of pokes already.
    if (::eventfd_write(m_wake.get(), 1) != 0) {
        ENSURE(errno == EAGAIN);
    }
}

void ChangeWatcher::Worker::serveRequests() {
    eventfd_t pokes = 0;
    if (::eventfd_read(m_wake.get(), &pokes) != 0) {
        ENSURE(errno == EAGAIN || errno == EINTR);
    }
    std::vector<Request> requests;
    {
        const MutexLock lock(m_mutex);
        requests.swap(m_requests);
    }
    for (Request& request : requests) {
        switch (request.kind) {
            case Request::Kind::Add:
                m_paths[request.id] = std::move(request.path);
                resolve(request.id, true);
                break;
            case Request::Kind::Remove:
                m_paths.erase(request.id);
                m_table.remove(request.id);
                retryShortOfWatches();
                break;
            case Request::Kind::Recheck:
                resolve(request.id, false);
                break;
        }
    }
}

/// True where there were some.
bool ChangeWatcher::Worker::readEvents() {
    const ssize_t length = ::read(m_inotify.get(), m_buffer.data(), m_buffer.size());
    if (length <= 0) {
        return false;  // EAGAIN, EINTR: poll says when to come again
    }
    Batch batch;
    bool overflow = false;
    std::size_t at = 0;
    while (at < static_cast<std::size_t>(length)) {
        inotify_event event{};
        std::memcpy(&event, m_buffer.data() + at, sizeof event);
        overflow = takeEvent(batch, event, m_buffer.data() + at + sizeof event) || overflow;
        at += sizeof event + event.len;
    }
    if (overflow) {
        m_table.eventsLost();
    }
    m_table.quieten(std::chrono::steady_clock::now());
    apply(batch);
    if (overflow) {
        everythingChanged();
    }
    return true;
}

void ChangeWatcher::Worker::add(Batch& batch, const std::vector<WatchEffect>& effects) {
    for (const WatchEffect& effect : effects) {
        WatchEffect& all = batch[effect.id];
        all.anything = all.anything || effect.anything;
        all.shmTouched = all.shmTouched || effect.shmTouched;
        all.leadsElsewhere = all.leadsElsewhere || effect.leadsElsewhere;
    }
}

/// True where the queue of events was too short.
bool ChangeWatcher::Worker::takeEvent(Batch& batch, const inotify_event& event, const char* name) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
        return true;
    }
    const std::string text = event.len > 0 ? std::string(name) : std::string();
    add(batch, m_table.effectsOf(event.wd, event.mask, text));
    return false;
}

void ChangeWatcher::Worker::apply(const Batch& batch) {
    for (const auto& [id, effect] : batch) {
        if (effect.leadsElsewhere) {
            resolve(id, false);
        }
        if (effect.anything) {
            report(id, {true, effect.shmTouched, false}, false);
        }
    }
}

void ChangeWatcher::Worker::everythingChanged() {
    log::capture().warn("change events lost, looking at everything databases={}", m_paths.size());
    for (const auto& [id, unused] : m_paths) {
        resolve(id, true);
    }
}

/// always: report even if the same folders are watched as before.
void ChangeWatcher::Worker::resolve(Id id, bool always) {
    const auto path = m_paths.find(id);
    if (path == m_paths.end()) {
        return;
    }
    const WatchTable::Outcome outcome = m_table.resolve(id, path->second);
    setPolled(id, outcome == WatchTable::Outcome::Polled);
    if (always || outcome == WatchTable::Outcome::Moved) {
        report(id, kEverything, true);
    }
}

void ChangeWatcher::Worker::retryShortOfWatches() {
    for (const Id id : m_table.shortOfWatches()) {
        resolve(id, false);
    }
}

void ChangeWatcher::Worker::setPolled(Id id, bool polled) {
    bool became = false;
    {
        const MutexLock lock(m_mutex);
        const auto at = m_seen.find(id);
        if (at == m_seen.end()) {
            return;
        }
        became = polled && !at->second.polled;
        at->second.polled = polled;
    }
    if (became) {
        log::capture().warn("change events ended, polling path={}", m_paths[id]);
        report(id, kEverything, true);
    }
}

/// Calls back on the way from nothing to something; always: in any case.
void ChangeWatcher::Worker::report(Id id, const SourceEvents& events, bool always) {
    bool first = false;
    {
        const MutexLock lock(m_mutex);
        const auto at = m_seen.find(id);
        if (at == m_seen.end()) {
            return;
        }
        first = !at->second.events.anything;
        addTo(at->second.events, events);
        addTo(at->second.sinceDrained, events);
    }
    if (first || always) {
        m_onEvent(id);
    }
}

ChangeWatcher::Id ChangeWatcher::Worker::add(std::string path) {
    Id id = 0;
    {
        const MutexLock lock(m_mutex);
        id = ++m_lastId;
        m_seen[id] = {};
        m_requests.push_back({Request::Kind::Add, id, std::move(path)});
    }
    poke();
    return id;
}

void ChangeWatcher::Worker::remove(Id id) {
    {
        const MutexLock lock(m_mutex);
        m_seen.erase(id);
        m_requests.push_back({Request::Kind::Remove, id, {}});
    }
    poke();
}

void ChangeWatcher::Worker::recheck(Id id) {
    {
        const MutexLock lock(m_mutex);
        m_requests.push_back({Request::Kind::Recheck, id, {}});
    }
    poke();
}

SourceEvents ChangeWatcher::Worker::take(Id id) {
    const MutexLock lock(m_mutex);
    const auto at = m_seen.find(id);
    if (at == m_seen.end()) {
        return {};
    }
    SourceEvents events = std::exchange(at->second.events, {});
    events.lost = events.lost || at->second.polled;
    return events;
}

bool ChangeWatcher::Worker::queueIsEmpty() const {
    int bytes = 0;
    return ::ioctl(m_inotify.get(), FIONREAD, &bytes) == 0 && bytes == 0;
}

SourceEvents ChangeWatcher::Worker::takeDrained(Id id) {
    if (!queueIsEmpty()) {
        poke();
    }
    const MutexLock lock(m_mutex);
    const bool drained = m_read.waitUntil(
        m_mutex, {}, std::chrono::steady_clock::now() + kDrainMax, [this]() ENGINE_NO_TSA {
            return !m_reading && queueIsEmpty();
        });
    const auto at = m_seen.find(id);
    if (at == m_seen.end()) {
        return kEverything;
    }
    SourceEvents events = std::exchange(at->second.sinceDrained, {});
    events.lost = events.lost || at->second.polled || !drained;
    return events;
}

bool ChangeWatcher::Worker::polled(Id id) const {
    const MutexLock lock(m_mutex);
    const auto at = m_seen.find(id);
    return at == m_seen.end() || at->second.polled;
}

ChangeWatcher::ChangeWatcher(OnEvent onEvent)
    : m_worker(std::make_unique<Worker>(std::move(onEvent))) {}

ChangeWatcher::~ChangeWatcher() = default;

void ChangeWatcher::stop() {
    m_worker->stop();
}

ChangeWatcher::Id ChangeWatcher::add(std::string path) {
    return m_worker->add(std::move(path));
}

void ChangeWatcher::remove(Id id) {
    m_worker->remove(id);
}

void ChangeWatcher::recheck(Id id) {
    m_worker->recheck(id);
}

SourceEvents ChangeWatcher::take(Id id) {
    return m_worker->take(id);
}

SourceEvents ChangeWatcher::takeDrained(Id id) {
    return m_worker->takeDrained(id);
}

bool ChangeWatcher::polled(Id id) const {
    return m_worker->polled(id);
}

}  // namespace engine
