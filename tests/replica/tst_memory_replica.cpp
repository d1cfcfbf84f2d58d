// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "engine/replica/memory_replica.h"

#include "tests/replica/replica_conformance.h"

class TestMemoryReplica : public ReplicaConformance {
    Q_OBJECT

protected:
    std::string expectedKind() const override { return "memory"; }

    std::string placeDescription() const override { return "this process"; }

    void makeEmptyPlace() override { m_place = std::make_shared<engine::MemoryPlace>(); }

    std::unique_ptr<engine::Replica> connect() override {
        return std::make_unique<engine::MemoryReplica>(m_place);
    }

private:
    std::shared_ptr<engine::MemoryPlace> m_place;
};

QTEST_GUILESS_MAIN(TestMemoryReplica)
#include "tst_memory_replica.moc"
