// The progress line: composing it, and deciding when to draw.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/progress.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace adstencil {
namespace {

/// Returns "12 s" or "3 min 20 s".
std::string duration_text(double seconds) {
  const long whole = std::lround(seconds);
  if (whole < 60)
    return std::to_string(whole) + " s";
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

/// Returns a bar such as "[######......]" for a fraction between 0 and 1.
std::string bar_text(double fraction) {
  constexpr int width = 24;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
  return "[" + std::string(static_cast<std::size_t>(filled), '#') +
         std::string(static_cast<std::size_t>(width - filled), '.') + "]";
}

} // namespace

progress::progress(std::string title, long total, mode when)
    : title_(std::move(title)), total_(total),
      visible_(when == mode::always || (when == mode::automatic && isatty(STDERR_FILENO) != 0)) {}

progress::~progress() { clear(); }

void progress::update(long done, std::string_view note) {
  if (!visible_)
    return;
  // Ten drawings a second look continuous and cost nothing; terminals over slow links choke on more.
  const auto now = clock::now();
  if (drawn_ && now - last_draw_ < std::chrono::milliseconds(100))
    return;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  std::string line = title_ + " ";
  if (total_ > 0)
    line += bar_text(static_cast<double>(done) / static_cast<double>(total_)) + " " + std::to_string(done) + "/" +
            std::to_string(total_);
  else
    line += std::to_string(done);
  line += "  " + duration_text(elapsed);
  if (!note.empty())
    line.append("  ").append(note);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
  last_draw_ = now;
}

void progress::clear() {
  if (!drawn_)
    return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

} // namespace adstencil
