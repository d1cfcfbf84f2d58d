// SPDX-License-Identifier: Apache-2.0
// What is known of the selected database: its replicas one by one, and how it is recorded.
#pragma once

#include <vector>

#include <QWidget>

#include "engine/api/status.h"

class QGridLayout;
class QLabel;

namespace ui {

class Card;
class ElidedLabel;
class StateShape;

class DatabaseDetails final : public QWidget {
    Q_OBJECT

public:
    explicit DatabaseDetails(QWidget* parent = nullptr);

    /// stale: nothing is known about now.
    void setDatabase(const engine::DatabaseStatus& database, bool stale, engine::Time now);

private:
    /// The widgets of one line of the replica table.
    struct ReplicaRow {
        StateShape* shape;
        QLabel* name;
        QLabel* stored;
        QLabel* lag;
        ElidedLabel* line;
    };

    struct Fact {
        QLabel* label;
        ElidedLabel* value;
    };

    Card* makeReplicaCard();
    Card* makeRecordingCard();
    Fact addFact(QGridLayout& layout, const QString& label);
    void setReplicaCount(std::size_t count);
    void fillReplica(const ReplicaRow& row,
                     const engine::ReplicaStatus& replica,
                     bool stale,
                     engine::Time now);
    void fillRecording(const engine::DatabaseStatus& database, engine::Time now);

    QGridLayout* m_replicaGrid = nullptr;
    std::vector<ReplicaRow> m_replicas;
    QLabel* m_noReplica = nullptr;
    Fact m_file{}, m_size{}, m_mode{}, m_alone{}, m_generation{}, m_snapshot{}, m_effect{};
};

}  // namespace ui
