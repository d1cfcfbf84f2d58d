// SPDX-License-Identifier: Apache-2.0
#include "engine/shadow/ack_record.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "engine/base/checksum.h"

namespace engine {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kChecksumDigits = 16;
constexpr std::array<const char*, 8> kOps = {
    "format", "state", "start", "begin", "part", "stored", "dropped", "forget"};

Json toJson(const PendingUpload& upload) {
    return Json{{"artefact", upload.artefact.text()},
                {"kind", std::string(toText(upload.kind))},
                {"generation", upload.generation.text()},
                {"firstTx", upload.firstTx.value},
                {"lastTx", upload.lastTx.value},
                {"createdAt", upload.createdAt.ms},
                {"source", upload.source},
                {"parts", upload.parts}};
}

Json toJson(GenerationId generation, const AckState& state) {
    Json json{{"generation", generation.text()},
              {"segmentsTx", state.segmentsTx.value},
              {"lastUploadAt", state.lastUploadAt.ms},
              {"segmentBytesSinceSnapshot", state.segmentBytesSinceSnapshot}};
    if (state.snapshotTx) {
        json["snapshotTx"] = state.snapshotTx->value;
        json["snapshotAt"] = state.snapshotAt.ms;
        json["snapshotBytes"] = state.snapshotBytes;
    }
    return json;
}

Json toJson(const AckRecord& record) {
    switch (record.op) {
        case AckRecord::Op::Format:
            return Json{{"version", record.number}};
        case AckRecord::Op::State:
            return toJson(record.generation, record.state);
        case AckRecord::Op::Start:
            return Json{{"generation", record.generation.text()}, {"tx", record.tx.value}};
        case AckRecord::Op::Begin:
            return toJson(record.upload);
        case AckRecord::Op::Part:
            return Json{{"artefact", record.artefact.text()}, {"name", record.name}};
        case AckRecord::Op::Stored:
            return Json{{"artefact", record.artefact.text()},
                        {"tx", record.tx.value},
                        {"at", record.at.ms},
                        {"bytes", record.number}};
        case AckRecord::Op::Dropped:
            return Json{{"artefact", record.artefact.text()}};
        case AckRecord::Op::Forget:
            return Json{{"generation", record.generation.text()}};
    }
    return Json::object();
}

/// Reads typed values out of a JSON object; remembers whether all of them were there.
class Fields {
public:
    explicit Fields(const Json& json)
        : m_json(json) {}

    bool ok() const noexcept { return m_ok; }

    std::uint64_t number(const char* key) {
        const Json* value = find(key);
        m_ok = m_ok && value != nullptr && value->is_number_unsigned();
        return m_ok ? value->get<std::uint64_t>() : 0;
    }

    TxId tx(const char* key) { return TxId{number(key)}; }

    Time time(const char* key) {
        const Json* value = find(key);
        m_ok = m_ok && value != nullptr && value->is_number_integer();
        return Time{m_ok ? value->get<std::int64_t>() : 0};
    }

    std::string text(const char* key) {
        const Json* value = find(key);
        m_ok = m_ok && value != nullptr && value->is_string();
        return m_ok ? value->get<std::string>() : std::string();
    }

    template <class Id>
    Id id(const char* key) {
        const Result<Id> parsed = Id::parse(text(key));
        m_ok = m_ok && parsed.ok();
        return m_ok ? parsed.value() : Id{};
    }

    std::vector<std::string> texts(const char* key) {
        const Json* value = find(key);
        m_ok = m_ok && value != nullptr && value->is_array() &&
               std::all_of(value->begin(), value->end(), [](const Json& element) {
                   return element.is_string();
               });
        return m_ok ? value->get<std::vector<std::string>>() : std::vector<std::string>();
    }

    ArtefactKind kind(const char* key) {
        const std::string name = text(key);
        m_ok = m_ok &&
               (name == toText(ArtefactKind::Segment) || name == toText(ArtefactKind::Snapshot));
        return name == toText(ArtefactKind::Snapshot) ? ArtefactKind::Snapshot
                                                      : ArtefactKind::Segment;
    }

    bool has(const char* key) const { return find(key) != nullptr; }

private:
    const Json* find(const char* key) const {
        const auto found = m_json.find(key);
        return found == m_json.end() ? nullptr : &*found;
    }

    const Json& m_json;
    bool m_ok = true;
};

PendingUpload uploadOf(Fields& fields) {
    PendingUpload upload;
    upload.artefact = fields.id<ArtefactId>("artefact");
    upload.kind = fields.kind("kind");
    upload.generation = fields.id<GenerationId>("generation");
    upload.firstTx = fields.tx("firstTx");
    upload.lastTx = fields.tx("lastTx");
    upload.createdAt = fields.time("createdAt");
    upload.source = fields.has("source") ? fields.number("source") : 0;
    upload.parts = fields.texts("parts");
    return upload;
}

AckState stateOf(Fields& fields) {
    AckState state;
    state.segmentsTx = fields.tx("segmentsTx");
    state.lastUploadAt = fields.time("lastUploadAt");
    state.segmentBytesSinceSnapshot = fields.number("segmentBytesSinceSnapshot");
    if (fields.has("snapshotTx")) {
        state.snapshotTx = fields.tx("snapshotTx");
        state.snapshotAt = fields.time("snapshotAt");
        state.snapshotBytes = fields.number("snapshotBytes");
    }
    return state;
}

void fill(AckRecord& record, Fields& fields) {
    switch (record.op) {
        case AckRecord::Op::Format:
            record.number = fields.number("version");
            break;
        case AckRecord::Op::State:
            record.generation = fields.id<GenerationId>("generation");
            record.state = stateOf(fields);
            break;
        case AckRecord::Op::Start:
            record.generation = fields.id<GenerationId>("generation");
            record.tx = fields.tx("tx");
            break;
        case AckRecord::Op::Begin:
            record.upload = uploadOf(fields);
            record.artefact = record.upload.artefact;
            break;
        case AckRecord::Op::Part:
            record.artefact = fields.id<ArtefactId>("artefact");
            record.name = fields.text("name");
            break;
        case AckRecord::Op::Stored:
            record.artefact = fields.id<ArtefactId>("artefact");
            record.tx = fields.tx("tx");
            record.at = fields.time("at");
            record.number = fields.number("bytes");
            break;
        case AckRecord::Op::Dropped:
            record.artefact = fields.id<ArtefactId>("artefact");
            break;
        case AckRecord::Op::Forget:
            record.generation = fields.id<GenerationId>("generation");
            break;
    }
}

Error notARecord() {
    return Error{ErrorCode::Corruption, "not a record of an ack journal"};
}

}  // namespace

std::string toLine(const AckRecord& record) {
    Json json = toJson(record);
    json["op"] = kOps.at(static_cast<std::size_t>(record.op));
    const std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
    return toHex16(xxh3(viewOf(text))) + " " + text + "\n";
}

Result<AckRecord> parseLine(std::string_view lineWithoutEnd) {
    if (lineWithoutEnd.size() < kChecksumDigits + 1 || lineWithoutEnd[kChecksumDigits] != ' ') {
        return notARecord();
    }
    const std::string_view text = lineWithoutEnd.substr(kChecksumDigits + 1);
    const auto checksum = parseHex16(lineWithoutEnd.substr(0, kChecksumDigits));
    if (!checksum.ok() || checksum.value() != xxh3(viewOf(text))) {
        return notARecord();
    }
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        return notARecord();
    }
    Fields fields(json);
    const auto op = std::find(kOps.begin(), kOps.end(), fields.text("op"));
    if (op == kOps.end()) {
        return notARecord();
    }
    AckRecord record;
    record.op = static_cast<AckRecord::Op>(op - kOps.begin());
    fill(record, fields);
    if (!fields.ok()) {
        return notARecord();
    }
    if (record.op == AckRecord::Op::Format && record.number > kVersion) {
        return Error{ErrorCode::Unsupported,
                     "the ack journal was written by a newer version of Strandline"};
    }
    return record;
}

const PendingUpload* AckContents::find(const ArtefactId& artefact) const {
    const auto found =
        std::find_if(m_pending.begin(), m_pending.end(), [&](const PendingUpload& upload) {
            return upload.artefact == artefact;
        });
    return found == m_pending.end() ? nullptr : &*found;
}

PendingUpload* AckContents::find(const ArtefactId& artefact) {
    const auto found =
        std::find_if(m_pending.begin(), m_pending.end(), [&](const PendingUpload& upload) {
            return upload.artefact == artefact;
        });
    return found == m_pending.end() ? nullptr : &*found;
}

void AckContents::erase(const ArtefactId& artefact) {
    std::erase_if(m_pending,
                  [&](const PendingUpload& upload) { return upload.artefact == artefact; });
}

Status AckContents::check(const AckRecord& record) const {
    switch (record.op) {
        case AckRecord::Op::Begin:
            if (find(record.artefact) != nullptr) {
                return Error{ErrorCode::InvalidArgument,
                             "the upload of " + record.artefact.text() + " has begun already"};
            }
            return {};
        case AckRecord::Op::Part:
        case AckRecord::Op::Stored:
        case AckRecord::Op::Dropped:
            if (find(record.artefact) == nullptr) {
                return Error{ErrorCode::NotFound,
                             "no upload of " + record.artefact.text() + " has begun"};
            }
            return {};
        case AckRecord::Op::Format:
        case AckRecord::Op::State:
        case AckRecord::Op::Start:
        case AckRecord::Op::Forget:
            return {};
    }
    return {};
}

void AckContents::store(const AckRecord& record) {
    const PendingUpload& upload = *find(record.artefact);
    AckState& state = m_states[upload.generation];
    state.lastUploadAt = std::max(state.lastUploadAt, record.at);
    if (upload.kind == ArtefactKind::Segment) {
        state.segmentsTx = std::max(state.segmentsTx, record.tx);
        state.segmentBytesSinceSnapshot += record.number;
    } else if (!state.snapshotTx || *state.snapshotTx <= record.tx) {
        state.snapshotTx = record.tx;
        state.snapshotAt = record.at;
        state.snapshotBytes = record.number;
        state.segmentBytesSinceSnapshot = 0;
    }
}

void AckContents::apply(const AckRecord& record) {
    ENSURE(check(record).ok());
    switch (record.op) {
        case AckRecord::Op::Format:
            break;
        case AckRecord::Op::State:
            m_states[record.generation] = record.state;
            break;
        case AckRecord::Op::Start: {
            AckState& state = m_states[record.generation];
            state.segmentsTx = std::max(state.segmentsTx, record.tx);
            break;
        }
        case AckRecord::Op::Begin:
            m_pending.push_back(record.upload);
            break;
        case AckRecord::Op::Part: {
            std::vector<std::string>& parts = find(record.artefact)->parts;
            if (std::find(parts.begin(), parts.end(), record.name) == parts.end()) {
                parts.push_back(record.name);
            }
            break;
        }
        case AckRecord::Op::Stored:
            store(record);
            erase(record.artefact);
            break;
        case AckRecord::Op::Dropped:
            erase(record.artefact);
            break;
        case AckRecord::Op::Forget:
            m_states.erase(record.generation);
            std::erase_if(m_pending, [&](const PendingUpload& upload) {
                return upload.generation == record.generation;
            });
            break;
    }
}

std::string AckContents::compacted() const {
    AckRecord record;
    record.number = kVersion;
    std::string text = toLine(record);
    for (const auto& [generation, state] : m_states) {
        record.op = AckRecord::Op::State;
        record.generation = generation;
        record.state = state;
        text += toLine(record);
    }
    for (const PendingUpload& upload : m_pending) {
        record.op = AckRecord::Op::Begin;
        record.upload = upload;
        text += toLine(record);
    }
    return text;
}

}  // namespace engine
