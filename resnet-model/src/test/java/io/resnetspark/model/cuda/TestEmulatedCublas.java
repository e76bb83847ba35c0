package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Memory;
import org.junit.jupiter.api.Test;

/** Compares the emulated cuBLAS with reference loops in double precision. */
class TestEmulatedCublas extends EmulatedLibraryTest {
    @Test
    void multipliesMatricesInAllTranspositions() {
        int m = 5;
        int n = 7;
        int k = 9;
        for (int type : new int[] {0, 14}) {
            for (int transposed = 0; transposed < 4; transposed++) {
                boolean ta = (transposed & 1) != 0;
                boolean tb = (transposed & 2) != 0;
                int lda = (ta ? k : m) + 1;
                int ldb = (tb ? n : k) + 2;
                int ldc = m + 3;
                float[] a = random(lda * (ta ? m : k), 1);
                float[] b = random(ldb * (tb ? k : n), 2);
                float[] c = random(ldc * n, 3);
                long out = emulator.upload(c);
                int format = type == 0 ? FLOAT : BFLOAT16;
                emulator.call(
                        "cublasGemmEx",
                        blas,
                        ta ? 1 : 0,
                        tb ? 1 : 0,
                        m,
                        n,
                        k,
                        scalar(0.5f),
                        upload(format, a),
                        type,
                        lda,
                        upload(format, b),
                        type,
                        ldb,
                        scalar(2),
                        out,
                        0,
                        ldc,
                        type == 0 ? 69 : 68,
                        -1);
                double[] want = new double[c.length];
                for (int i = 0; i < want.length; i++) {
                    want[i] = c[i];
                }
                for (int j = 0; j < n; j++) {
                    for (int i = 0; i < m; i++) {
                        double sum = 0;
                        for (int l = 0; l < k; l++) {
                            sum += (double) a[ta ? i * lda + l : l * lda + i] * b[tb ? l * ldb + j : j * ldb + l];
                        }
                        want[j * ldc + i] = 0.5 * sum + 2.0 * c[j * ldc + i];
                    }
                }
                assertClose(emulator.download(out, c.length), want, 1e-6);
            }
        }
    }

    @Test
    void multipliesABatchOfMatrices() {
        long c = emulator.allocate(8);
        emulator.call(
                "cublasGemmStridedBatchedEx",
                blas,
                0,
                0,
                1,
                1,
                2,
                scalar(1),
                emulator.upload(1, 2, 3, 4),
                0,
                1,
                2L,
                emulator.upload(5, 6, 7, 8),
                0,
                2,
                2L,
                scalar(0),
                c,
                0,
                1,
                1L,
                2,
                68,
                -1);
        assertThat(emulator.download(c, 2)).containsExactly(1 * 5 + 2 * 6, 3 * 7 + 4 * 8);
    }

    @Test
    void refusesWhatCublasRefuses() {
        long x = emulator.upload(1, 1, 1, 1);
        Memory one = scalar(1);
        assertThat(emulator.status("cublasGemmEx", blas, 0, 0, 2, 2, 2, one, x, 0, 1, x, 0, 2, one, x, 0, 2, 68, -1))
                .as("rows longer than lda")
                .isEqualTo(7);
        assertThat(emulator.status("cublasGemmEx", blas, 0, 0, 2, 2, 2, one, x, 14, 2, x, 0, 2, one, x, 0, 2, 68, -1))
                .as("two types")
                .isEqualTo(15);
    }
}
