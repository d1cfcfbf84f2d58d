// SPDX-License-Identifier: Apache-2.0
#include "engine/capture/capture.h"

namespace engine {

std::string_view toText(CaptureMode mode) noexcept {
    switch (mode) {
        case CaptureMode::Unknown:
            return "unknown";
        case CaptureMode::WalShared:
            return "walShared";
        case CaptureMode::WalChain:
            return "walChain";
        case CaptureMode::WalAtRest:
            return "walAtRest";
        case CaptureMode::Journal:
            return "journal";
        case CaptureMode::WhenClosed:
            return "whenClosed";
        case CaptureMode::Bolt:
            return "bolt";
        case CaptureMode::Embedded:
            return "embedded";
        case CaptureMode::NotSupported:
            return "notSupported";
    }
    return "unknown";
}

std::string_view labelOf(CaptureMode mode) noexcept {
    switch (mode) {
        case CaptureMode::Unknown:
            return "Not known yet";
        case CaptureMode::WalShared:
        case CaptureMode::WalChain:
        case CaptureMode::WalAtRest:
        case CaptureMode::Embedded:
            return "Continuous";
        case CaptureMode::Journal:
            return "After each change";
        case CaptureMode::WhenClosed:
            return "When the app closes";
        case CaptureMode::Bolt:
            return "Catching what it can";
        case CaptureMode::NotSupported:
            return "Not supported";
    }
    return "Not known yet";
}

std::string_view toText(Discontinuity reason) noexcept {
    switch (reason) {
        case Discontinuity::Replaced:
            return "replaced";
        case Discontinuity::PageSizeChanged:
            return "pageSizeChanged";
        case Discontinuity::FormatChanged:
            return "formatChanged";
        case Discontinuity::WentBack:
            return "wentBack";
        case Discontinuity::StateLost:
            return "stateLost";
    }
    return "stateLost";
}

std::string_view toText(Waiting reason) noexcept {
    switch (reason) {
        case Waiting::TooBusy:
            return "tooBusy";
        case Waiting::AppHoldsLock:
            return "appHoldsLock";
        case Waiting::TailUnreadable:
            return "tailUnreadable";
        case Waiting::HotJournal:
            return "hotJournal";
        case Waiting::Gone:
            return "gone";
        case Waiting::NoPermission:
            return "noPermission";
        case Waiting::NotADatabase:
            return "notADatabase";
    }
    return "gone";
}

}  // namespace engine
