// SPDX-License-Identifier: Apache-2.0
#include "ui/text/error_text.h"

#include <QCoreApplication>
#include <QStringList>

#include "ui/text/units.h"

namespace ui {

namespace {

using engine::ErrorCode;

struct Errors {
    Q_DECLARE_TR_FUNCTIONS(Errors)
};

/// What to do, where the engine names nothing better.
QString usualFix(ErrorCode code) {
    switch (code) {
        case ErrorCode::NotFound:
            return Errors::tr("Check that it is still there, and where it should be");
        case ErrorCode::PermissionDenied:
            return Errors::tr("Check who may read and write there");
        case ErrorCode::NoSpace:
            return Errors::tr("Make room, or choose another place");
        case ErrorCode::Unavailable:
        case ErrorCode::Timeout:
            return Errors::tr("Check that it is connected, then try again");
        case ErrorCode::AlreadyExists:
            return Errors::tr("Choose another name");
        case ErrorCode::Corruption:
            return Errors::tr("Choose another moment or another replica");
        case ErrorCode::InvalidArgument:
        case ErrorCode::Discontinuity:
        case ErrorCode::Io:
        case ErrorCode::Refused:
        case ErrorCode::Cancelled:
        case ErrorCode::Unsupported:
        case ErrorCode::Internal:
            break;
    }
    return {};
}

}  // namespace

QString asSentence(const QString& text) {
    QString sentence = text.trimmed();
    if (sentence.isEmpty()) {
        return sentence;
    }
    // A path or a name in quotes stays as it is.
    if (sentence.front().isLower()) {
        sentence.front() = sentence.front().toUpper();
    }
    const bool ended = QStringLiteral(".!?…").contains(sentence.back());
    return ended ? sentence : sentence + u'.';
}

QString sentencesOf(const engine::Error& error) {
    QStringList sentences = {
        asSentence(toQString(error.message)),
        asSentence(toQString(error.effect)),
        asSentence(error.fix.empty() ? usualFix(error.code) : toQString(error.fix))};
    sentences.removeAll(QString());
    return sentences.join(u' ');
}

}  // namespace ui
