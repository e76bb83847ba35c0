// Instructions of tensor cores and copies into shared memory, each also in C++ for what has none (the tests' card).
//
// Products are of bfloat16, or of float rounded to tf32. A step of such a product takes 32 bytes of every row, and both
// formats keep word t (0 to 3) and word t + 4 of row g (0 to 7) in lane 4 g + t; so one text serves both.
//
// GPUs before compute capability 8.0 have neither format, and nothing of this file or of those behind it: see
// Device.serves.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800

#ifdef __CUDA_ARCH__

typedef Word Shared;  // an address in shared memory

__device__ __forceinline__ Shared shared(const Byte* at) {
  Word address;
  asm("{ .reg .u64 wide; cvta.to.shared.u64 wide, %1; cvt.u32.u64 %0, wide; }" : "=r"(address) : "l"(at));
  return address;
}

// 16 bytes or 8 to shared memory, where they are once `fetched` says so; zeros if they are not there.
template <int BYTES>
__device__ __forceinline__ void fetch(Byte* to, const Byte* from, bool there) {
  if (BYTES == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared(to)), "l"(from), "r"(there ? 16 : 0)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(shared(to)), "l"(from), "r"(there ? 8 : 0)
                 : "memory");
}

__device__ __forceinline__ void end_of_group() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until all groups of this thread but the last are there.
__device__ __forceinline__ void fetched() { asm volatile("cp.async.wait_group 1;" ::: "memory"); }

// To nearest, ties away from zero.
__device__ __forceinline__ Word to_tf32(Word value) {
  Word rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(__uint_as_float(value)));
  return rounded;
}

// Of four matrices of 8 rows of 16 bytes, word lane % 4 of row lane / 4; lane 8 m + r brings where row r of matrix m is.
__device__ __forceinline__ void read_rows(Word (&to)[4], Shared row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(row));
}

// Likewise, of matrices of 8 x 8 halves, those of column lane / 4 in rows 2 (lane % 4) and the next.
__device__ __forceinline__ void read_columns(Word (&to)[4], Shared row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(row));
}

// Of the first two matrices alone.
__device__ __forceinline__ void read_columns(Word (&to)[2], Shared row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(to[0]), "=r"(to[1])
               : "r"(row));
}

__device__ __forceinline__ Word read_word(Shared at) {
  Word word;
  asm volatile("ld.shared.b32 %0, [%1];" : "=r"(word) : "r"(at));
  return word;
}

// sum += a b: 16 rows by 8 columns. Of a, words in rows g and g + 8, then both 16 bytes further; of b, two words in column
// g; of the sum, columns 2 t and 2 t + 1 in row g, then in row g + 8, where lane = 4 g + t.
__device__ __forceinline__ void multiply(float (&sum)[4], const Word (&a)[4], const Word (&b)[2]) {
#if BFLOAT16
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
#else
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
#endif
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#else  // The same in C++: lanes show each other what they bring.

typedef const Byte* Shared;

struct Shown {
  Shared row;
  Word words[6];
};

__device__ __forceinline__ Shown* shown() {
  __shared__ Shown all[256];
  return all + threadIdx.x / 32 * 32;
}

__device__ __forceinline__ Shared shared(const Byte* at) { return at; }

template <int BYTES>
__device__ __forceinline__ void fetch(Byte* to, const Byte* from, bool there) {
  for (int i = 0; i < BYTES / 4; i++) ((Word*)to)[i] = there ? ((const Word*)from)[i] : 0;
}

__device__ __forceinline__ void end_of_group() {}
__device__ __forceinline__ void fetched() {}

__device__ __forceinline__ Word to_tf32(Word value) {
  const bool finite = (value & 0x7f800000u) != 0x7f800000u;
  return finite ? (value + 0x1000u) & 0xffffe000u : (value & 0x7fffffu) ? 0x7fffffffu : value;
}

__device__ __forceinline__ Word read_word(Shared at) { return *(const Word*)at; }

__device__ __noinline__ void read_matrices(Word* to, int matrices, bool columns, Shared row) {
  const int lane = threadIdx.x % 32;
  const Shown* lanes = shown();
  shown()[lane].row = row;
  __syncwarp();
  for (int m = 0; m < matrices; m++) {
    if (columns) {
      const Shown* pair = lanes + 8 * m + lane % 4 * 2;
      to[m] = ((const unsigned short*)pair[0].row)[lane / 4] | (Word)((const unsigned short*)pair[1].row)[lane / 4] << 16;
    } else {
      to[m] = read_word(lanes[8 * m + lane / 4].row + lane % 4 * 4);
    }
  }
  __syncwarp();
}

__device__ __forceinline__ void read_rows(Word (&to)[4], Shared row) { read_matrices(to, 4, false, row); }
__device__ __forceinline__ void read_columns(Word (&to)[4], Shared row) { read_matrices(to, 4, true, row); }
__device__ __forceinline__ void read_columns(Word (&to)[2], Shared row) { read_matrices(to, 2, true, row); }

__device__ __noinline__ void multiply(float (&sum)[4], const Word (&a)[4], const Word (&b)[2]) {
  const int lane = threadIdx.x % 32;
  const Shown* lanes = shown();
  for (int i = 0; i < 6; i++) shown()[lane].words[i] = i < 4 ? a[i] : b[i - 4];
  __syncwarp();
  for (int word = 0; word < 8; word++) {
    for (int i = 0; i < 4; i++) {
      const Word left = lanes[lane / 4 * 4 + word % 4].words[word / 4 * 2 + i / 2];
      const Word right = lanes[(lane % 4 * 2 + i % 2) * 4 + word % 4].words[4 + word / 4];
#if BFLOAT16
      sum[i] += of_bfloat16(left & 0xffffu) * of_bfloat16(right & 0xffffu);
      sum[i] += of_bfloat16(left >> 16) * of_bfloat16(right >> 16);
#else
      sum[i] += __uint_as_float(left) * __uint_as_float(right);
#endif
    }
  }
  __syncwarp();
}

#endif

#endif
