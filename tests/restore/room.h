// SPDX-License-Identifier: Apache-2.0
// A folder for the files of one test.
#pragma once

#include <string>

#include <QTemporaryDir>

#include "engine/base/file_system.h"

namespace engine {

inline Buffer bytesOf(const std::string& path) {
    return readWholeFile(path, 1u << 30).value();
}

class Room {
public:
    std::string path(const std::string& name) const {
        return m_folder.filePath(QString::fromStdString(name)).toStdString();
    }

    std::string folder() const { return m_folder.path().toStdString(); }

    std::size_t files() const { return listFolder(folder()).value().size(); }

private:
    QTemporaryDir m_folder;
};

}  // namespace engine
