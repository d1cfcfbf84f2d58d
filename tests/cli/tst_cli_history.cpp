// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "tests/cli/cli_database.h"

class TestCliHistory final : public QObject {
    Q_OBJECT
};
QTEST_GUILESS_MAIN(TestCliHistory)
#include "tst_cli_history.moc"
