package io.resnetspark.model.kernel;

import org.nd4j.linalg.factory.Environment;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/** Workers of one JVM share its cores: oneDNN and ND4J would otherwise each start a thread a core in every worker. */
public final class NativeThreads {
    private NativeThreads() {}

    /** Limits the native work that the calling thread starts. libgomp keeps this number per thread. */
    public static void limit(int threads) {
        Environment environment = Nd4j.getEnvironment(); // first: it chooses the backend that the holder then loads
        if (environment.maxThreads() != threads) {
            environment.setMaxThreads(threads);
            environment.setMaxMasterThreads(threads);
        }
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    }
}
