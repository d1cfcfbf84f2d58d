// SPDX-License-Identifier: Apache-2.0
// An app's process under the command of a test: reads one command a line, does it with the real
// SQLite, answers one line.
//     .open PATH    .close    .exit (at once: nothing is committed, unlocked or removed)
//     .chunk BYTES (the file grows in steps of that size)
//     .reserve BYTES (kept free at the end of each page; before the first table)
//     .image PATH (every page as this connection sees it, into a file)
//     .exit-at-delete TEXT (as .exit, when SQLite is about to delete a file with TEXT in its name)
//     anything else is SQL; the answer is "ok" and the first value of the first row
// An error is answered with "error " and SQLite's message.
#include <cstdio>
#include <iostream>
#include <string>

#include <sqlite3.h>
#include <unistd.h>

namespace {

std::string g_exitAtDelete;
sqlite3_vfs* g_realVfs = nullptr;

int deleteOrExit(sqlite3_vfs*, const char* path, int syncFolder) {
    if (std::string(path).find(g_exitAtDelete) != std::string::npos) {
        ::_exit(0);
    }
    return g_realVfs->xDelete(g_realVfs, path, syncFolder);
}

/// The system's own VFS with one function replaced.
void exitAtDelete(const std::string& text) {
    static sqlite3_vfs vfs;
    g_realVfs = sqlite3_vfs_find(nullptr);
    g_exitAtDelete = text;
    vfs = *g_realVfs;
    vfs.zName = "exit-at-delete";
    vfs.xDelete = deleteOrExit;
    vfs.pNext = nullptr;
    sqlite3_vfs_register(&vfs, 1);
}

int takeFirstValue(void* into, int columns, char** values, char** /*names*/) {
    auto& text = *static_cast<std::string*>(into);
    if (text.empty() && columns > 0 && values[0] != nullptr) {
        text = values[0];
    }
    return 0;
}

class App {
public:
    ~App() { sqlite3_close(m_database); }

    App() = default;
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    std::string run(const std::string& line) {
        if (line.starts_with(".open ")) {
            sqlite3_close(m_database);
            m_database = nullptr;
            return answer(sqlite3_open(line.substr(6).c_str(), &m_database), {});
        }
        if (line.starts_with(".exit-at-delete ")) {
            exitAtDelete(line.substr(16));
            return "ok";
        }
        if (line.starts_with(".chunk ")) {
            int bytes = std::stoi(line.substr(7));
            return answer(sqlite3_file_control(m_database, "main", SQLITE_FCNTL_CHUNK_SIZE, &bytes),
                          {});
        }
        if (line.starts_with(".reserve ")) {
            int bytes = std::stoi(line.substr(9));
            return answer(
                sqlite3_file_control(m_database, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes), {});
        }
        if (line.starts_with(".image ")) {
            return writeImage(line.substr(7));
        }
        if (line == ".close") {
            const int code = sqlite3_close(m_database);
            m_database = nullptr;
            return answer(code, {});
        }
        std::string value;
        const int code = sqlite3_exec(m_database, line.c_str(), takeFirstValue, &value, nullptr);
        return answer(code, value);
    }

private:
    std::string writeImage(const std::string& path) {
        sqlite3_int64 size = 0;
        unsigned char* pages = sqlite3_serialize(m_database, "main", &size, 0);
        std::FILE* file = std::fopen(path.c_str(), "wb");
        const auto bytes = static_cast<std::size_t>(size);
        const bool good =
            pages != nullptr && file != nullptr && std::fwrite(pages, 1, bytes, file) == bytes;
        sqlite3_free(pages);
        const bool closed = file != nullptr && std::fclose(file) == 0;
        return good && closed ? "ok" : "error no image";
    }

    std::string answer(int code, const std::string& value) const {
        if (code != SQLITE_OK) {
            return std::string("error ") +
                   (m_database != nullptr ? sqlite3_errmsg(m_database) : sqlite3_errstr(code));
        }
        return value.empty() ? "ok" : "ok " + value;
    }

    sqlite3* m_database = nullptr;
};

}  // namespace

int main() {
    App app;
    std::string line;
    while (std::getline(std::cin, line)) {
        if (line == ".exit") {
            ::_exit(0);
        }
        std::cout << app.run(line) << std::endl;
    }
    return 0;
}
