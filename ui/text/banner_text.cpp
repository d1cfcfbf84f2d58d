// SPDX-License-Identifier: Apache-2.0
// The banners of the main page: what happened, what it means for the data, what to do.
#include <QCoreApplication>
#include <QFileInfo>

#include "ui/text/error_text.h"
#include "ui/text/status_text.h"
#include "ui/text/units.h"

namespace ui {

namespace {

using engine::DatabaseStatus;
using engine::ProtectionState;
using engine::Time;

struct Banners {
    Q_DECLARE_TR_FUNCTIONS(Banners)
};

BannerText ofError(const engine::Error& error, const QString& title, BannerAction action) {
    BannerText banner;
    banner.title = title;
    banner.text = sentencesOf(error);
    banner.details = toQString(error.message);
    banner.action = action;
    return banner;
}

BannerText ofGone(const EngineView& view, Time now) {
    BannerText banner;
    banner.state = ProtectionState::Unknown;
    banner.title = Banners::tr("The recorder that had these databases isn't answering.");
    const bool known = view.status != nullptr && view.status->at.ms != 0;
    banner.text = known ? Banners::tr("What you see is from %1. You can still restore.")
                              .arg(momentText(view.status->at, now))
                        : Banners::tr("Nothing is known about its databases.");
    banner.details = view.error ? toQString(view.error->message) : QString();
    banner.action = BannerAction::RecordHere;
    return banner;
}

BannerText ofAttached(const engine::EngineStatus& status) {
    BannerText banner;
    banner.state = ProtectionState::Protected;
    banner.title = Banners::tr("Another program records these databases.");
    banner.text = status.pid == 0
                      ? Banners::tr("This window looks on. Closing it does not stop recording.")
                      : Banners::tr(
                            "It is process %1. This window looks on; closing it does not "
                            "stop recording.")
                            .arg(status.pid);
    return banner;
}

BannerText ofDatabase(const DatabaseStatus& database, Time now) {
    BannerText banner;
    banner.title = Banners::tr("%1 —", "a database; what is wrong with it follows")
                       .arg(toQString(database.name));
    banner.text = stateLine(database, ProtectionState::NeedsAttention, now) + u'.';
    banner.details = toQString(database.lastError);
    banner.action = BannerAction::ShowDatabase;
    banner.database = toQString(database.name);
    return banner;
}

QList<BannerText> ofStatus(const EngineView& view, Time now) {
    const engine::EngineStatus& status = *view.status;
    QList<BannerText> banners;
    for (const DatabaseStatus& database : status.databases) {
        if (database.state == ProtectionState::NeedsAttention) {
            banners.append(ofDatabase(database, now));
        }
    }
    if (!status.configError.empty()) {
        BannerText banner;
        banner.title = Banners::tr("The changed configuration can't be used.");
        banner.text = Banners::tr("Recording goes on with the settings from before.");
        banner.details = toQString(status.configError);
        banner.action = BannerAction::OpenConfiguration;
        banners.append(banner);
    }
    // Where it is the headline, it is said already.
    if (status.paused && headlineOf(view, now).state != ProtectionState::Paused) {
        BannerText banner;
        banner.state = ProtectionState::Paused;
        banner.title =
            Banners::tr("Uploads are paused %1.").arg(pausedUntilText(status.pausedUntil, now));
        banner.text = Banners::tr("Changes are recorded and wait on this computer.");
        banner.action = BannerAction::Resume;
        banners.append(banner);
    }
    if (view.phase == Phase::Attached) {
        banners.append(ofAttached(status));
    }
    return banners;
}

}  // namespace

QList<BannerText> bannersOf(const EngineView& view, Time now) {
    switch (view.phase) {
        case Phase::BadConfiguration:
            return {ofError(*view.error,
                            Banners::tr("The configuration can't be used."),
                            BannerAction::OpenConfiguration)};
        case Phase::Failed:
            return {ofError(
                *view.error, Banners::tr("The recorder could not start."), BannerAction::TryAgain)};
        case Phase::Gone:
            return {ofGone(view, now)};
        case Phase::Starting:
        case Phase::Stopping:
        case Phase::NoConfiguration:
            return {};
        case Phase::Recording:
        case Phase::Attached:
            break;
    }
    return view.status == nullptr ? QList<BannerText>() : ofStatus(view, now);
}

}  // namespace ui
