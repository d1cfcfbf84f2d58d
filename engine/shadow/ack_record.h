// SPDX-License-Identifier: Apache-2.0
// The records of an ack journal as lines of text, and the state that they add up to.
//
// A line is "<16 hex of XXH3-64 over the JSON> <JSON>\n". The JSON has "op" and what that needs:
//     {"op":"format","version":1}                                         first line
//     {"op":"state","generation":G,...all of AckState}                    written by compaction
//     {"op":"start","generation":G,"tx":N}
//     {"op":"begin","artefact":A,"kind":"segment"|"snapshot","generation":G,"firstTx":N,"lastTx":N,
//      "createdAt":ms,"source":N,"parts":[...]}
//     {"op":"part","artefact":A,"name":"..."}
//     {"op":"stored","artefact":A,"tx":N,"at":ms,"bytes":N}
//     {"op":"dropped","artefact":A}   {"op":"forget","generation":G}
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/shadow/ack_journal.h"

namespace engine {

struct AckRecord {
    enum class Op : std::uint8_t { Format, State, Start, Begin, Part, Stored, Dropped, Forget };
    Op op = Op::Format;
    GenerationId generation;
    AckState state;        // State
    PendingUpload upload;  // Begin
    ArtefactId artefact;
    TxId tx;
    Time at;
    std::uint64_t number = 0;  // Stored: bytes; Format: version
    std::string name;          // Part
};

/// One line with its end.
std::string toLine(const AckRecord& record);
/// Corruption for what toLine did not write.
Result<AckRecord> parseLine(std::string_view lineWithoutEnd);

/// What the records so far add up to. Plain data: its owner locks.
class AckContents {
public:
    /// The error that the record's call reports; nothing has changed then.
    Status check(const AckRecord& record) const;
    /// The record has passed check().
    void apply(const AckRecord& record);

    const std::map<GenerationId, AckState>& states() const noexcept { return m_states; }

    const std::vector<PendingUpload>& pending() const noexcept { return m_pending; }

    /// The shortest journal that gives this state.
    std::string compacted() const;

private:
    PendingUpload* find(const ArtefactId& artefact);
    const PendingUpload* find(const ArtefactId& artefact) const;
    void erase(const ArtefactId& artefact);
    void store(const AckRecord& record);

    std::map<GenerationId, AckState> m_states;
    std::vector<PendingUpload> m_pending;
};

}  // namespace engine
