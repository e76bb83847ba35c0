package io.resnetspark.train.bench;

import io.resnetspark.train.dtype.Dtype;
import java.nio.ByteBuffer;
import java.util.Random;

/** How fast a core rounds a slice, writes it and reads it, in GB of float32 a second. See docs/scaling.md. */
public final class DtypeSpeed {
    private static final int VALUES = 1 << 19;

    private DtypeSpeed() {}

    public static void main(String[] arguments) {
        Random random = new Random(1);
        float[] values = new float[VALUES];
        float[] received = new float[VALUES];
        for (int i = 0; i < VALUES; i++) { // some are normal numbers in float16, some are not
            values[i] = (float) (random.nextGaussian() * Math.pow(10, -3 - 2 * random.nextDouble()));
        }
        for (Dtype dtype : Dtype.values()) {
            ByteBuffer bytes = ByteBuffer.allocate((int) dtype.bytes(VALUES));
            System.out.printf(
                    "%s: round %.1f, encode %.1f, decode %.1f GB/s%n",
                    dtype,
                    speed(() -> {
                        System.arraycopy(values, 0, received, 0, VALUES);
                        dtype.round(received, 0, VALUES);
                    }),
                    speed(() -> dtype.encode(values, 0, VALUES, bytes.clear())),
                    speed(() -> dtype.decode(bytes.clear(), VALUES, received, 0)));
        }
    }

    private static double speed(Runnable pass) {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 100; i++) {
            long start = System.nanoTime();
            pass.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        return (double) VALUES * Float.BYTES / best;
    }
}
