// printf from kernels; the program reads its own output back and compares it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <algorithm>
#include <string>
#include <unistd.h>
#include <vector>

__global__ void greet(const char* name, int* counts) {
  const int i = threadIdx.x;
  if (i < 2)
    counts[i] = printf("%s %d: %5.2f %g %e\n", name, i, 1.5 * i, 0.1f, 12345.678);
  if (i == 2)
    counts[i] = printf("%c %x %08X %lld %llu %u %-4d| %+d %% %*d\n", 'q', 255, 48879, -(1LL << 40), 1ULL << 63, 7u, 42,
                       5, 6, 9);
  if (i == 3)
    counts[i] = printf("nothing to format\n");
}

int main() {
  char* name;
  int* counts;
  CHECK(cudaMalloc(&name, 8));
  CHECK(cudaMemcpy(name, "thread", 7, cudaMemcpyHostToDevice));
  CHECK(cudaMalloc(&counts, 4 * sizeof(int)));

  std::FILE* file = std::tmpfile();
  REQUIRE(file);
  std::fflush(stdout);
  const int saved = dup(1);
  dup2(fileno(file), 1);
  greet<<<1, 32>>>(name, counts);
  const cudaError_t launched = cudaDeviceSynchronize(); // a GPU prints now
  std::fflush(stdout);
  dup2(saved, 1);
  close(saved);
  CHECK(launched);

  std::rewind(file);
  std::vector<std::string> lines;
  char line[256];
  while (std::fgets(line, sizeof line, file))
    lines.push_back(line);
  std::fclose(file);
  std::sort(lines.begin(), lines.end()); // threads print in any order
  std::vector<std::string> expected = {
      "nothing to format\n",
      "q ff 0000BEEF -1099511627776 9223372036854775808 7 42  | +5 %      9\n",
      "thread 0:  0.00 0.1 1.234568e+04\n",
      "thread 1:  1.50 0.1 1.234568e+04\n",
  };
  for (const std::string& text : lines)
    std::fprintf(stderr, "printed: %s", text.c_str());
  REQUIRE(lines == expected);
  int host[4];
  CHECK(cudaMemcpy(host, counts, sizeof host, cudaMemcpyDeviceToHost));
  REQUIRE(host[0] == 5 && host[1] == 5 && host[2] == 10 && host[3] == 0); // the number of arguments
  CHECK(cudaFree(name));
  CHECK(cudaFree(counts));
}
