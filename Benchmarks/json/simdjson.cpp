// The yardstick for our JSON: simdjson's DOM parse of the same NDJSON, line by line.
//   g++ -O3 -march=native -o /tmp/simdjson-bench Benchmarks/json/simdjson.cpp -lsimdjson
//   /tmp/simdjson-bench events.ndjson
#include <simdjson.h>

#include <chrono>
#include <cstdio>
#include <vector>

int main(int argc, char **argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: simdjson-bench events.ndjson\n"), 2;
  auto text = simdjson::padded_string::load(argv[1]).value();
  std::vector<std::pair<size_t, size_t>> lines;
  for (size_t start = 0, index = 0; index < text.size(); index++) {
    if (text.data()[index] != '\n') continue;
    lines.push_back({start, index - start});
    start = index + 1;
  }
  std::printf("simdjson %d.%d.%d, implementation %s\n", int(simdjson::SIMDJSON_VERSION_MAJOR),
              int(simdjson::SIMDJSON_VERSION_MINOR), int(simdjson::SIMDJSON_VERSION_REVISION),
              simdjson::get_active_implementation()->name().c_str());
  simdjson::dom::parser parser;
  double best = 1e9;
  auto begin = std::chrono::steady_clock::now();
  do {
    auto start = std::chrono::steady_clock::now();
    for (auto [offset, length] : lines) {
      // The bytes behind a line are the next line: enough padding for all lines but the last.
      if (parser.parse(text.data() + offset, length, false).error()) return 1;
    }
    std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    best = std::min(best, spent.count());
  } while (std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
  std::printf("dom parse: %.0f MB/s\n", text.size() / best / 1e6);
}
