package io.resnetspark.model.kernel;

import java.util.function.LongSupplier;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Measures the peak float multiply-adds per second of this machine: a product of large square matrices, by oneDNN if
 * available, on the caller's threads.
 */
public final class PeakFlops {
    private static final int SIDE = 1536;
    private static final int PRODUCTS = 20;

    private PeakFlops() {}

    /** The fastest of several products, because other work on the machine only slows them down. */
    public static double measure() {
        LongSupplier product = OneDnn.isAvailable() ? oneDnn() : nd4j();
        long best = Long.MAX_VALUE;
        for (int i = 0; i < PRODUCTS; i++) {
            best = Math.min(best, product.getAsLong());
        }
        return (double) SIDE * SIDE * SIDE / best * 1e9;
    }

    private static LongSupplier oneDnn() {
        FloatPointer a = ones();
        FloatPointer b = ones();
        FloatPointer c = ones();
        return () -> {
            long start = System.nanoTime();
            dnnl.dnnl_sgemm((byte) 'N', (byte) 'N', SIDE, SIDE, SIDE, 1f, a, SIDE, b, SIDE, 0f, c, SIDE);
            return System.nanoTime() - start;
        };
    }

    private static FloatPointer ones() {
        float[] values = new float[SIDE * SIDE];
        java.util.Arrays.fill(values, 1);
        return new FloatPointer(values);
    }

    private static LongSupplier nd4j() {
        INDArray a = Nd4j.ones(DataType.FLOAT, SIDE, SIDE);
        INDArray c = Nd4j.create(DataType.FLOAT, SIDE, SIDE);
        return () -> {
            long start = System.nanoTime();
            a.mmuli(a, c);
            return System.nanoTime() - start;
        };
    }
}
