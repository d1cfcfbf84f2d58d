// SPDX-License-Identifier: Apache-2.0
#include "engine/base/result.h"

#include <cerrno>
#include <system_error>

namespace engine {

std::string_view toText(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::InvalidArgument:
            return "invalidArgument";
        case ErrorCode::NotFound:
            return "notFound";
        case ErrorCode::AlreadyExists:
            return "alreadyExists";
        case ErrorCode::Corruption:
            return "corruption";
        case ErrorCode::Discontinuity:
            return "discontinuity";
        case ErrorCode::Io:
            return "io";
        case ErrorCode::NoSpace:
            return "noSpace";
        case ErrorCode::PermissionDenied:
            return "permissionDenied";
        case ErrorCode::Refused:
            return "refused";
        case ErrorCode::Unavailable:
            return "unavailable";
        case ErrorCode::Timeout:
            return "timeout";
        case ErrorCode::Cancelled:
            return "cancelled";
        case ErrorCode::Unsupported:
            return "unsupported";
        case ErrorCode::Internal:
            return "internal";
    }
    return "internal";
}

Error&& Error::context(std::string_view what) && {
    message.insert(0, std::string(what) + ": ");
    return std::move(*this);
}

Error&& Error::withEffect(std::string_view text) && {
    effect = text;
    return std::move(*this);
}

Error&& Error::withFix(std::string_view text) && {
    fix = text;
    return std::move(*this);
}

static ErrorCode codeOfErrno(int sysErrno) noexcept {
    switch (sysErrno) {
        case ENOENT:
        case ENOTDIR:
            return ErrorCode::NotFound;
        case EEXIST:
            return ErrorCode::AlreadyExists;
        case ENOSPC:
        case EDQUOT:
            return ErrorCode::NoSpace;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorCode::PermissionDenied;
        case EINVAL:
        case ENAMETOOLONG:
        case EISDIR:
        case ELOOP:
            return ErrorCode::InvalidArgument;
        case EAGAIN:
        case ESTALE:
        case ENODEV:
        case ENXIO:
        case EMFILE:
        case ENFILE:
            return ErrorCode::Unavailable;
        case ETIMEDOUT:
            return ErrorCode::Timeout;
        case EOPNOTSUPP:
        case ENOSYS:
            return ErrorCode::Unsupported;
        default:
            return ErrorCode::Io;
    }
}

Error errnoError(int sysErrno, std::string_view what) {
    std::string message(what);
    message += ": ";
    message += std::generic_category().message(sysErrno);
    return Error{codeOfErrno(sysErrno), std::move(message), sysErrno};
}

}  // namespace engine
