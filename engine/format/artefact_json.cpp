// SPDX-License-Identifier: Apache-2.0
#include "engine/format/artefact_json.h"

#include <limits>

#include <nlohmann/json.hpp>

namespace engine {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMagic = "strandline";
constexpr int kDepthMax = 16;
constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kFramesMax = std::uint64_t{kPartsMax} * kFramesPerPartMax;

Result<Json> parseObject(std::string_view text) {
    bool tooDeep = false;
    const auto limitDepth = [&tooDeep](int depth, Json::parse_event_t, Json&) {
        tooDeep = tooDeep || depth > kDepthMax;
        return !tooDeep;
    };
    Json json = Json::parse(text, limitDepth, false);
    if (tooDeep || !json.is_object()) {
        return corrupt("not a JSON object");
    }
    return json;
}

std::string toText(const Json& json) {
    // Text from outside (a path in an attribute) need not be UTF-8; JSON must be.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Takes known keys out of an object; what is left at the end is not known. The first problem
/// stays, later takes give defaults.
class Keys {
public:
    explicit Keys(Json object)
        : m_object(std::move(object)) {}

    std::string text(const char* key) {
        const Json value = take(key);
        return expect(value.is_string(), key) ? value.get<std::string>() : std::string();
    }

    std::uint64_t number(const char* key, std::uint64_t most) {
        const Json value = take(key);
        const bool fits = value.is_number_unsigned() && value.get<std::uint64_t>() <= most;
        return expect(fits, key) ? value.get<std::uint64_t>() : 0;
    }

    std::int32_t small(const char* key) {
        return static_cast<std::int32_t>(number(key, std::numeric_limits<std::int32_t>::max()));
    }

    /// A text that parse understands.
    template <class T>
    T parsed(const char* key, Result<T> (*parse)(std::string_view)) {
        const Result<T> value = parse(text(key));
        return expect(value.ok(), key) ? value.value() : T{};
    }

    Attrs attrs(const char* key) {
        Attrs attrs;
        const Json object = take(key);
        if (!expect(object.is_object(), key)) {
            return attrs;
        }
        for (const auto& [name, value] : object.items()) {
            if (expect(value.is_string(), key)) {
                attrs.emplace(name, value.get<std::string>());
            }
        }
        return attrs;
    }

    Json array(const char* key) {
        Json value = take(key);
        return expect(value.is_array(), key) ? value : Json::array();
    }

    bool expect(bool holds, std::string_view key) {
        if (!holds && m_problem.empty()) {
            m_problem = key;
        }
        return holds;
    }

    std::string others() const { return m_object.empty() ? std::string() : toText(m_object); }

    Status status(std::string_view what) const {
        if (m_problem.empty()) {
            return {};
        }
        return corrupt(std::string(what) + ": '" + m_problem + "' is missing or cannot be");
    }

private:
    Json take(const char* key) {
        const auto found = m_object.find(key);
        if (found == m_object.end()) {
            return Json();
        }
        Json value = std::move(*found);
        m_object.erase(found);
        return value;
    }

    Json m_object;
    std::string m_problem;
};

Json withOthers(std::string_view otherKeys) {
    if (otherKeys.empty()) {
        return Json::object();
    }
    Result<Json> others = parseObject(otherKeys);
    return others.ok() ? std::move(others).value() : Json::object();
}

Result<ArtefactKind> parseKind(std::string_view text) {
    for (const ArtefactKind kind : {ArtefactKind::Segment, ArtefactKind::Snapshot}) {
        if (text == engine::toText(kind)) {
            return kind;
        }
    }
    return corrupt("no such kind");
}

Result<DatabaseEngine> parseEngine(std::string_view text) {
    for (const DatabaseEngine engine : {DatabaseEngine::Sqlite, DatabaseEngine::Bolt}) {
        if (text == engine::toText(engine)) {
            return engine;
        }
    }
    return corrupt("no such engine");
}

Result<Codec> parseCodec(std::string_view text) {
    for (const Codec codec : {Codec::None, Codec::Zstd}) {
        if (text == engine::toText(codec)) {
            return codec;
        }
    }
    return corrupt("no such compression");
}

/// One row of "parts": [bytes, checksum, firstFrame, frameCount].
PartSummary parsePart(const Json& row, Keys& keys) {
    PartSummary part;
    const bool shaped = row.is_array() && row.size() == 4 && row[0].is_number_unsigned() &&
                        row[1].is_string() && row[2].is_number_unsigned() &&
                        row[3].is_number_unsigned();
    if (!keys.expect(shaped, "parts")) {
        return part;
    }
    const Result<std::uint64_t> checksum = parseHex16(row[1].get_ref<const std::string&>());
    part.bytes = row[0].get<std::uint64_t>();
    part.firstFrame = row[2].get<std::uint64_t>();
    part.frameCount = row[3].get<std::uint64_t>();
    if (keys.expect(checksum.ok() && part.bytes <= kPartBytesMax && part.firstFrame <= kFramesMax &&
                        part.frameCount <= kFramesPerPartMax,
                    "parts")) {
        part.checksum = checksum.value();
    }
    return part;
}

/// Parts hold the frames one after the other, all of them.
Status checkParts(const ArtefactSummary& summary) {
    std::uint64_t frames = 0;
    for (const PartSummary& part : summary.parts) {
        if (part.firstFrame != frames) {
            return corrupt("summary: the parts do not follow each other");
        }
        frames += part.frameCount;
    }
    if (summary.parts.empty() || summary.parts.size() > kPartsMax || frames != summary.pageCount) {
        return corrupt("summary: the parts do not hold the frames");
    }
    return {};
}

}  // namespace

std::string headToJson(const ArtefactHead& head) {
    Json json = withOthers(head.otherKeys);
    json["magic"] = kMagic;
    json["version"] = kFormatVersion;
    json["artefactId"] = head.id.text();
    json["kind"] = toText(head.kind);
    json["databaseId"] = head.database.text();
    json["generation"] = head.generation.text();
    json["writerId"] = head.writer.text();
    json["engine"] = toText(head.engine);
    json["parentTxId"] = head.parentTxId.value;
    json["firstTxId"] = head.firstTxId.value;
    json["pageSize"] = head.pageSize;
    json["seed"] = toHex16(head.seed);
    json["compression"] = toText(head.compression.codec);
    json["compressionLevel"] = head.compression.level;
    json["compressionWindow"] = head.compression.window;
    json["createdAt"] = toRfc3339(head.createdAt);
    json["keyId"] = head.keyId;
    json["additionalAttrs"] = head.additionalAttrs;
    return toText(json);
}

Result<ArtefactHead> parseHead(std::string_view text) {
    if (text.size() > kHeadBytesMax) {
        return corrupt("head: too long");
    }
    ENGINE_TRY_ASSIGN(Json json, parseObject(text));
    Keys keys(std::move(json));
    ArtefactHead head;
    keys.expect(keys.text("magic") == kMagic, "magic");
    keys.expect(keys.number("version", kFormatVersion) == kFormatVersion, "version");
    head.id = keys.parsed("artefactId", &ArtefactId::parse);
    head.kind = keys.parsed("kind", &parseKind);
    head.database = keys.parsed("databaseId", &DatabaseId::parse);
    head.generation = keys.parsed("generation", &GenerationId::parse);
    head.writer = keys.parsed("writerId", &WriterId::parse);
    head.engine = keys.parsed("engine", &parseEngine);
    head.parentTxId.value = keys.number("parentTxId", kAnyNumber);
    head.firstTxId.value = keys.number("firstTxId", kAnyNumber);
    head.pageSize = static_cast<std::uint32_t>(keys.number("pageSize", 65536));
    head.seed = keys.parsed("seed", &parseHex16);
    head.compression.codec = keys.parsed("compression", &parseCodec);
    head.compression.level = keys.small("compressionLevel");
    head.compression.window = keys.small("compressionWindow");
    head.createdAt = keys.parsed("createdAt", &parseRfc3339);
    head.keyId = keys.text("keyId");
    head.additionalAttrs = keys.attrs("additionalAttrs");
    keys.expect(isPageSize(head.pageSize), "pageSize");
    keys.expect(checkCompression(head.compression).ok(), "compressionLevel");
    ENGINE_TRY(keys.status("head"));
    head.otherKeys = keys.others();
    return head;
}

Result<ArtefactHead> openHead(const PartHeader& header, ByteView json) {
    if (sha256(json) != header.identity.headDigest) {
        return corrupt("the head of an artefact is damaged");
    }
    ENGINE_TRY_ASSIGN(ArtefactHead head, parseHead(textOf(json)));
    ENGINE_TRY(checkHeader(header, head, 1));
    return head;
}

std::string summaryToJson(const ArtefactSummary& summary) {
    Json json = withOthers(summary.otherKeys);
    json["txId"] = summary.txId.value;
    json["lastTxId"] = summary.lastTxId.value;
    json["pageCount"] = summary.pageCount;
    json["highWaterMark"] = summary.highWaterMark;
    json["root"] = summary.root.text();
    json["additionalAttrs"] = summary.additionalAttrs;
    Json parts = Json::array();
    for (const PartSummary& part : summary.parts) {
        parts.push_back({part.bytes, toHex16(part.checksum), part.firstFrame, part.frameCount});
    }
    json["parts"] = std::move(parts);
    return toText(json);
}

Result<ArtefactSummary> parseSummary(std::string_view text) {
    if (text.size() > kSummaryBytesMax) {
        return corrupt("summary: too long");
    }
    ENGINE_TRY_ASSIGN(Json json, parseObject(text));
    Keys keys(std::move(json));
    ArtefactSummary summary;
    summary.txId.value = keys.number("txId", kAnyNumber);
    summary.lastTxId.value = keys.number("lastTxId", kAnyNumber);
    summary.pageCount = keys.number("pageCount", kFramesMax);
    summary.highWaterMark = keys.number("highWaterMark", kPagesMax);
    summary.root = keys.parsed("root", &Hash128::parse);
    summary.additionalAttrs = keys.attrs("additionalAttrs");
    const Json parts = keys.array("parts");
    summary.parts.reserve(parts.size());
    for (const Json& row : parts) {
        summary.parts.push_back(parsePart(row, keys));
    }
    ENGINE_TRY(keys.status("summary"));
    ENGINE_TRY(checkParts(summary));
    summary.otherKeys = keys.others();
    return summary;
}

}  // namespace engine
