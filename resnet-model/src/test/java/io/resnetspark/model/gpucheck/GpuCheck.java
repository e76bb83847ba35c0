package io.resnetspark.model.gpucheck;

import io.resnetspark.model.cuda.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Runs one part of {@code scripts/gpu-check} on a machine with a GPU: PART FOLDER WORDS. */
public final class GpuCheck {
    private GpuCheck() {}

    public static void main(String... arguments) throws Exception {
        String part = arguments[0];
        List<String> words = List.of(arguments).subList(2, arguments.length);
        try (CheckLog log = new CheckLog(part.equals("verdict") ? "speed" : part, Path.of(arguments[1]))) {
            if (part.equals("verdict")) {
                new SpeedComparison(log).run();
                return;
            }
            if (part.equals("kernels")) {
                KernelTests.run(log, words);
                return;
            }
            Device device = Device.of(0);
            device.makeCurrent();
            switch (part) {
                case "machine" -> MachineCheck.run(log, device);
                case "networks" -> each(words, log, new NetworkDump(log, device)::dump);
                case "bits" -> each(words, log, new DeterminismCheck(log, device)::check);
                case "speed" -> each(words, log, new SpeedCheck(log, device)::measure);
                case "profile" -> each(words, log, new ProfileCheck(log, device)::profile);
                default -> throw new IllegalArgumentException("There is no part " + part);
            }
        }
        System.exit(0); // libraries may have left threads
    }

    /** A check of one workload. */
    private interface Check {
        void accept(Workload workload) throws IOException;
    }

    /** Checks all workloads, even if some fail. */
    private static void each(List<String> works, CheckLog log, Check check) throws IOException {
        for (String words : works) {
            Workload workload = Workload.of(words);
            try {
                check.accept(workload);
            } catch (RuntimeException | LinkageError refused) {
                refused.printStackTrace();
                log.check(workload.toString(), false, "%s", refused);
            }
        }
    }
}
