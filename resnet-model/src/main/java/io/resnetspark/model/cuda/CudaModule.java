package io.resnetspark.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Compiled kernels, loaded into a context. */
final class CudaModule {
    private final CudaLibrary driver;
    private final Pointer handle;
    private final Map<String, Pointer> functions = new ConcurrentHashMap<>();

    /** @throws CudaUnavailableException if the driver rejects it */
    CudaModule(CudaLibrary driver, byte[] cubin) {
        this.driver = driver;
        Memory image = new Memory(cubin.length);
        image.write(0, cubin, 0, cubin.length);
        PointerByReference module = new PointerByReference();
        driver.start("cuModuleLoadData", module, image);
        handle = module.getValue();
    }

    Pointer function(String name) {
        return functions.computeIfAbsent(name, n -> {
            PointerByReference function = new PointerByReference();
            driver.call("cuModuleGetFunction", function, handle, n);
            return function.getValue();
        });
    }
}
