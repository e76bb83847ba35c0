package io.resnetspark.model.kernel;

import org.nd4j.linalg.factory.Environment;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * Limits native threads: workers of one JVM share its cores, but oneDNN and ND4J would each start one thread per core
 * for every worker.
 */
public final class NativeThreads {
    private NativeThreads() {}

    /** Limits the native threads of the calling thread's work. libgomp keeps this limit per thread. */
    public static void limit(int threads) {
        Environment environment = Nd4j.getEnvironment(); // first: it chooses the backend that the holder then loads
        if (environment.maxThreads() != threads) {
            environment.setMaxThreads(threads);
            environment.setMaxMasterThreads(threads);
        }
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    }
}
