// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <memory>

#include <QtTest>

#include "engine/base/result.h"

using namespace engine;

namespace {

Result<int> half(int value) {
    if (value % 2 != 0) {
        return Error{ErrorCode::InvalidArgument, "odd"};
    }
    return value / 2;
}

Result<int> quarter(int value) {
    ENGINE_TRY_ASSIGN(const int once, half(value));
    ENGINE_TRY_ASSIGN(const int twice, half(once));
    return twice;
}

Status check(int value) {
    ENGINE_TRY(quarter(value));
    return {};
}

}  // namespace

class TestResult : public QObject {
    Q_OBJECT
private slots:
    void value_isHandedUp();
    void error_isHandedUpUnchanged();
    void moveOnly_valuesMove();
    void context_putsANounInFront();
    void errno_hasTheFittingCode();
    void retryable_isOnlyWhatMayPass();
    void codes_haveTheirTexts();
};

void TestResult::value_isHandedUp() {
    QCOMPARE(quarter(12).value(), 3);
    QVERIFY(check(8).ok());
}

void TestResult::error_isHandedUpUnchanged() {
    const Result<int> failed = quarter(6);
    QVERIFY(!failed.ok());
    QCOMPARE(failed.error().code, ErrorCode::InvalidArgument);
    QCOMPARE(failed.error().message, std::string("odd"));
    QCOMPARE(check(3).error().message, std::string("odd"));
}

void TestResult::moveOnly_valuesMove() {
    Result<std::unique_ptr<int>> made = std::make_unique<int>(4);
    const std::unique_ptr<int> taken = std::move(made).value();
    QCOMPARE(*taken, 4);
}

void TestResult::context_putsANounInFront() {
    const Error error =
        Error{ErrorCode::Io, "torn"}.context("read head").withEffect("e").withFix("f");
    QCOMPARE(error.message, std::string("read head: torn"));
    QCOMPARE(error.effect, std::string("e"));
    QCOMPARE(error.fix, std::string("f"));
}

void TestResult::errno_hasTheFittingCode() {
    QCOMPARE(errnoError(ENOENT, "open x").code, ErrorCode::NotFound);
    QCOMPARE(errnoError(EEXIST, "x").code, ErrorCode::AlreadyExists);
    QCOMPARE(errnoError(ENOSPC, "x").code, ErrorCode::NoSpace);
    QCOMPARE(errnoError(EDQUOT, "x").code, ErrorCode::NoSpace);
    QCOMPARE(errnoError(EACCES, "x").code, ErrorCode::PermissionDenied);
    QCOMPARE(errnoError(EIO, "x").code, ErrorCode::Io);
    QCOMPARE(errnoError(EMFILE, "x").code, ErrorCode::Unavailable);
    QCOMPARE(errnoError(ENOENT, "open x").sysErrno, ENOENT);
    QVERIFY(errnoError(ENOENT, "open x").message.starts_with("open x: "));
}

void TestResult::retryable_isOnlyWhatMayPass() {
    QVERIFY((Error{ErrorCode::Unavailable, ""}).retryable());
    QVERIFY((Error{ErrorCode::Timeout, ""}).retryable());
    for (const ErrorCode code : {ErrorCode::Corruption,
                                 ErrorCode::PermissionDenied,
                                 ErrorCode::NoSpace,
                                 ErrorCode::Io,
                                 ErrorCode::Cancelled,
                                 ErrorCode::Internal}) {
        QVERIFY(!(Error{code, ""}).retryable());
    }
}

void TestResult::codes_haveTheirTexts() {
    QCOMPARE(toText(ErrorCode::NotFound), std::string_view("notFound"));
    QCOMPARE(toText(ErrorCode::InvalidArgument), std::string_view("invalidArgument"));
    QCOMPARE(toText(ErrorCode::Corruption), std::string_view("corruption"));
}

QTEST_GUILESS_MAIN(TestResult)
#include "tst_result.moc"
