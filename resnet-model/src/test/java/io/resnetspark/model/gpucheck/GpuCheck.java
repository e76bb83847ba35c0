package io.resnetspark.model.gpucheck;

import io.resnetspark.model.cuda.Device;
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
                case "networks" -> new NetworkDump(findings, device).run(words);
                case "bits" -> new BitsCheck(findings, device).run(words);
                case "speed" -> new SpeedCheck(findings, device).run(words);
                case "profile" -> new ProfileCheck(findings, device).run(words);
                default -> throw new IllegalArgumentException("There is no part " + part);
            }
        }
        System.exit(0); // threads of libraries may be left
    }
}
