package io.resnetspark.model.cuda;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The CUDA installation of this machine, for display; missing parts cause no exception.
 *
 * @param driver the newest CUDA version that the driver supports, as "13.0"; empty without a driver
 * @param devices that the driver shows to this process
 * @param libraries that were found and loaded: driver, NVRTC, cuBLAS, cuDNN
 * @param shadowed other drivers and cuDNNs, later on the path
 * @param problems why GPUs cannot be used, with a remedy each; empty if they can
 */
public record CudaInstallation(
        String driver, int devices, List<Found> libraries, List<String> shadowed, List<String> problems)
        implements Serializable {
    private static final long serialVersionUID = 1;

    /** @param version as "9.14.0" */
    public record Found(String name, String version, String file) implements Serializable {
        private static final long serialVersionUID = 1;

        @Override
        public String toString() {
            return name + " " + version + " (" + file + ")";
        }
    }

    public CudaInstallation {
        libraries = List.copyOf(libraries);
        shadowed = List.copyOf(shadowed);
        problems = List.copyOf(problems);
    }

    /** Finds and loads the libraries. */
    public static CudaInstallation find() {
        List<Found> found = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        add(found, problems, () -> new Found("driver", Device.driverVersionText(), Device.driverFile()));
        add(
                found,
                problems,
                () -> new Found(
                        "NVRTC", Nvrtc.instance().version(), Nvrtc.instance().file()));
        add(found, problems, () -> new Found("cuBLAS", Cublas.version(), Cublas.file()));
        add(found, problems, () -> new Found("cuDNN", Cudnn.versionText(), Cudnn.file()));
        int devices = 0;
        try {
            devices = Device.count();
            if (devices == 0) {
                problems.add(
                        Device.noneShown(System.getenv("CUDA_VISIBLE_DEVICES")).getMessage());
            }
        } catch (CudaUnavailableException none) {
            if (!problems.contains(none.getMessage())) {
                problems.add(none.getMessage());
            }
        }
        String driver = found.stream()
                .filter(library -> library.name().equals("driver"))
                .map(Found::version)
                .findFirst()
                .orElse("");
        return new CudaInstallation(
                driver, devices, found, CudaLibraries.ofMachine().shadowed(), problems);
    }

    private static void add(List<Found> found, List<String> problems, Supplier<Found> library) {
        try {
            found.add(library.get());
        } catch (CudaUnavailableException missing) {
            problems.add(missing.getMessage());
        }
    }
}
