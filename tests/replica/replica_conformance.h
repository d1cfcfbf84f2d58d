// SPDX-License-Identifier: Apache-2.0
// What every replica must do, whatever it stands on. A kind subclasses it, says how to connect to
// a place and how to get an empty one, and inherits the tests: QtTest runs inherited private slots.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <QObject>

#include "engine/replica/replica.h"

class ReplicaConformance : public QObject {
    Q_OBJECT

protected:
    /// The kind that traits() must name, and where it stands, for the log of the run.
    virtual std::string expectedKind() const = 0;
    virtual std::string placeDescription() const = 0;

    /// Starts what the kind needs; a text = why it cannot run here (TEST_REQUIRE makes that a
    /// failure).
    virtual std::string startServer() { return {}; }

    /// A place without objects, in which connect() then ends up.
    virtual void makeEmptyPlace() = 0;
    /// A connection of its own, as of another computer; not opened.
    virtual std::unique_ptr<engine::Replica> connect() = 0;

    std::unique_ptr<engine::Replica> openNew();
    void put(const std::string& name, engine::ByteView bytes);
    void put(const std::string& name, const std::string& text);
    /// Each with its own name as contents, by several threads: places are slow one by one.
    void putAll(const std::vector<std::string>& names);
    std::string text(const std::string& name);
    bool exists(engine::Replica& replica, const std::string& name);
    std::map<std::string, std::uint64_t> listing(engine::Replica& replica);

    std::unique_ptr<engine::Replica> m_replica;  // opened, on the empty place

private slots:
    void initTestCase();
    void init();
    void cleanup();

    void traits_ofTheKind_nameIt();
    void open_again_isOk();

    void put_anySize_isReadBack_data();
    void put_anySize_isReadBack();
    void put_moreThanAPart_isInvalidArgument();
    void put_newSameBytes_isSuccess();
    void put_newOtherBytes_isAlreadyExists();
    void put_replace_replaces();
    void put_replaceWhileRead_isNeverMixed();
    void put_hostileName_isInvalidArgument_data();
    void put_hostileName_isInvalidArgument();
    void put_longestName_isListed();

    void get_missing_isNotFound();
    void get_range_isExact_data();
    void get_range_isExact();
    void get_rangeBeyondEnd_isCorruption_data();
    void get_rangeBeyondEnd_isCorruption();

    void list_emptyPlace_isEmptyPage();
    void list_nestedNames_areInNameOrder();
    void list_prefix_matchesText_data();
    void list_prefix_matchesText();
    void list_startAfter_goesOnBehindIt_data();
    void list_startAfter_goesOnBehindIt();
    void list_pages_coverEverythingOnce_data();
    void list_pages_coverEverythingOnce();
    void list_hostilePrefix_isInvalidArgument();
    void list_noLimit_isInvalidArgument();
    void list_threeThousandObjects_allInOrder();

    void remove_missing_isSuccess();
    void remove_several_areGone();
    void remove_lastOfFolder_canBePutAgain();

    void concurrentPuts_distinctNames_allStored();
    void concurrentPuts_sameNewName_oneWins();
    void concurrentPutsAndRemoves_sameFolder_neverFail();
    void stopped_everyVerb_isCancelled();
    void stoppedMidPut_leavesAllOrNothing();
    void partialPut_isNeverVisible();
    void twoConnections_seeTheSame();
};
