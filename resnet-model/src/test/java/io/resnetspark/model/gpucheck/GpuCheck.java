package io.resnetspark.model.gpucheck;

import io.resnetspark.model.cuda.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A part of what {@code scripts/gpu-check} runs on a machine with a GPU: PART FOLDER WORDS. */
public final class GpuCheck {
    private GpuCheck() {}

    public static void main(String... arguments) throws Exception {
        String part = arguments[0];
        List<String> words = List.of(arguments).subList(2, arguments.length);
        try (Findings findings = new Findings(part.equals("verdict") ? "speed" : part, Path.of(arguments[1]))) {
            if (part.equals("verdict")) {
                new SpeedVerdict(findings).run();
                return;
            }
            if (part.equals("kernels")) {
                KernelTests.run(findings, words);
                return;
            }
            Device device = Device.of(0);
            device.makeCurrent();
            switch (part) {
                case "machine" -> MachineCheck.run(findings, device);
                case "networks" -> each(words, findings, new NetworkDump(findings, device)::dump);
                case "bits" -> each(words, findings, new BitsCheck(findings, device)::check);
                case "speed" -> each(words, findings, new SpeedCheck(findings, device)::measure);
                case "profile" -> each(words, findings, new ProfileCheck(findings, device)::profile);
                default -> throw new IllegalArgumentException("There is no part " + part);
            }
        }
        System.exit(0); // threads of libraries may be left
    }

    /** What is done for one work. */
    private interface Check {
        void accept(Work work) throws IOException;
    }

    /** One after the other, whatever becomes of those before. */
    private static void each(List<String> works, Findings findings, Check check) throws IOException {
        for (String words : works) {
            Work work = Work.of(words);
            try {
                check.accept(work);
            } catch (RuntimeException | LinkageError refused) {
                refused.printStackTrace();
                findings.check(work.toString(), false, "%s", refused);
            }
        }
    }
}
