// SPDX-License-Identifier: Apache-2.0
#include <QTemporaryDir>
#include <QtTest>

#include "engine/replica/factory.h"

#include "tests/replica/replica_conformance.h"

class TestFileReplica : public ReplicaConformance {
    Q_OBJECT

protected:
    std::string expectedKind() const override { return "file"; }

    std::string placeDescription() const override { return root(); }

    void makeEmptyPlace() override {
        m_folder = std::make_unique<QTemporaryDir>();
        const engine::Status made = engine::prepareReplica(engine::FileReplicaOptions{root()});
        if (!made.ok()) {
            qFatal("prepareReplica: %s", made.error().message.c_str());
        }
    }

    std::unique_ptr<engine::Replica> connect() override {
        return engine::makeReplica(engine::FileReplicaOptions{root()}).value();
    }

private:
    std::string root() const { return m_folder->path().toStdString() + "/on a drive/replica"; }

    std::unique_ptr<QTemporaryDir> m_folder;
};

QTEST_GUILESS_MAIN(TestFileReplica)
#include "tst_file_replica.moc"
