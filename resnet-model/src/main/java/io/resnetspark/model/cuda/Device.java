package io.resnetspark.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.resnetspark.model.Precision;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A GPU through CUDA's driver API: its primary context, memory and modules. Device memory is identified by its address.
 *
 * <p>Every thread calls {@link #makeCurrent} first.
 */
public final class Device {
    /** Values of CUdevice_attribute. */
    private static final int MULTIPROCESSORS = 16;

    private static final int CAPABILITY_MAJOR = 75;
    private static final int CAPABILITY_MINOR = 76;

    private static final int OUT_OF_MEMORY = 2;
    private static final int NO_DEVICE = 100;
    private static final int OLDEST_CAPABILITY = 70;
    private static final int FIRST_WITH_TF32 = 80;
    private static final int OLDEST_DRIVER = 12000;

    /** See {@link #whileNothingIsCaptured}. */
    private static final ReentrantLock CAPTURE = new ReentrantLock();

    private static final Map<Integer, Device> OPEN = new ConcurrentHashMap<>();

    private final CudaLibrary driver;
    private final int index;
    private final int handle;
    private final Pointer context;
    private final Map<Long, Long> allocations = new ConcurrentHashMap<>();

    private Device(CudaLibrary driver, int index) {
        this.driver = driver;
        this.index = index;
        IntByReference device = new IntByReference();
        driver.call("cuDeviceGet", device, index);
        handle = device.getValue();
        int capability = 10 * attribute(CAPABILITY_MAJOR) + attribute(CAPABILITY_MINOR);
        if (capability < OLDEST_CAPABILITY) {
            throw new CudaUnavailableException(
                    "GPU " + index + ", " + name() + ", has compute capability " + capability / 10.0
                            + "; 7.0 (Volta) is the oldest that is served.",
                    "Choose another GPU");
        }
        PointerByReference primary = new PointerByReference();
        driver.start("cuDevicePrimaryCtxRetain", primary, handle);
        context = primary.getValue();
        makeCurrent();
    }

    /**
     * The number of GPUs that the driver shows to this process; may be 0.
     *
     * @throws CudaUnavailableException if there is no driver, or it does not start
     */
    public static int count() {
        CudaLibrary driver = Driver.LIBRARY.get();
        requireSupportedVersion(driver);
        int status = driver.status("cuInit", 0);
        if (status == NO_DEVICE) {
            return 0;
        }
        driver.started("cuInit", status);
        IntByReference count = new IntByReference();
        driver.call("cuDeviceGetCount", count);
        return count.getValue();
    }

    /**
     * The GPU of this number, as nvidia-smi and Spark count them.
     *
     * @throws CudaUnavailableException saying what is missing, and how to continue
     */
    public static Device of(int index) {
        int count = count();
        if (index < 0 || index >= count) {
            throw absent(index, count, System.getenv("CUDA_VISIBLE_DEVICES"));
        }
        return OPEN.computeIfAbsent(index, i -> new Device(Driver.LIBRARY.get(), i));
    }

    /** @throws CudaUnavailableException if the driver is too old */
    static void requireSupportedVersion(CudaLibrary driver) {
        int version = version(driver);
        if (version < OLDEST_DRIVER) {
            throw new CudaUnavailableException(
                    "The driver (" + driver.file() + ") serves CUDA " + versionText(version)
                            + "; wanted is CUDA 12.0 or later.",
                    "Update the driver to 525 or later");
        }
    }

    /** @param visible CUDA_VISIBLE_DEVICES; null if it is not set */
    static CudaUnavailableException absent(int index, int count, String visible) {
        String shown = count == 0 ? "the driver shows none" : "the driver shows 0 to " + (count - 1);
        return new CudaUnavailableException(
                "There is no GPU " + index + ": " + shown + hidden(visible) + ".", showing(count, visible));
    }

    /** The same if no particular GPU is requested. */
    static CudaUnavailableException noneShown(String visible) {
        return new CudaUnavailableException(
                "The driver shows this process no GPU" + hidden(visible) + ".", showing(0, visible));
    }

    private static String hidden(String visible) {
        return visible == null ? "" : ", for CUDA_VISIBLE_DEVICES is \"" + visible + "\"";
    }

    private static String showing(int count, String visible) {
        if (visible != null) {
            return "Set CUDA_VISIBLE_DEVICES to the GPUs that this process may have, or unset it";
        }
        return count > 0
                ? "Choose one of these"
                : "See what nvidia-smi shows; in a container, give it GPUs (docker run --gpus all, a pod's limit"
                        + " nvidia.com/gpu)";
    }

    /** The driver's library, loaded on first use. */
    private static final class Driver {
        static final Lazy<CudaLibrary> LIBRARY =
                new Lazy<>(() -> CudaLibraries.ofMachine().driver());
    }

    CudaLibrary driver() {
        return driver;
    }

    public int index() {
        return index;
    }

    public String name() {
        Memory name = new Memory(256);
        driver.call("cuDeviceGetName", name, (int) name.size(), handle);
        return name.getString(0, StandardCharsets.UTF_8.name());
    }

    /** Ten times the major version plus the minor one: 90 for Hopper. */
    public int computeCapability() {
        return 10 * attribute(CAPABILITY_MAJOR) + attribute(CAPABILITY_MINOR);
    }

    public int multiprocessors() {
        return attribute(MULTIPROCESSORS);
    }

    private int attribute(int number) {
        IntByReference value = new IntByReference();
        driver.call("cuDeviceGetAttribute", value, number, handle);
        return value.getValue();
    }

    /** Whether its convolutions and matrix products support this number format; tensor cores do from 8.0 on. */
    public boolean supports(Precision precision) {
        return precision == Precision.FLOAT32 || computeCapability() >= FIRST_WITH_TF32;
    }

    static int version(CudaLibrary driver) {
        IntByReference version = new IntByReference();
        driver.call("cuDriverGetVersion", version);
        return version.getValue();
    }

    /** The newest CUDA version that the driver supports, as "13.0". */
    static String driverVersionText() {
        return versionText(version(Driver.LIBRARY.get()));
    }

    private static String versionText(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    static String driverFile() {
        return Driver.LIBRARY.get().file();
    }

    /** Binds this GPU to the calling thread. */
    public void makeCurrent() {
        driver.call("cuCtxSetCurrent", context);
    }

    public void synchronize() {
        whileNothingIsCaptured(() -> driver.call("cuCtxSynchronize"));
    }

    /**
     * Captures, or does what waits for the whole device, as making and closing cuDNN's and cuBLAS's handles and timing
     * algorithms may: to synchronize a context breaks a capture in it, also another thread's. Networks of one process,
     * each with a thread of its own, share the context.
     */
    static void whileNothingIsCaptured(Runnable work) {
        CAPTURE.lock();
        try {
            work.run();
        } finally {
            CAPTURE.unlock();
        }
    }

    /** Bytes that no process has allocated. */
    public long freeMemory() {
        return memory()[0];
    }

    public long totalMemory() {
        return memory()[1];
    }

    private long[] memory() {
        LongByReference free = new LongByReference();
        LongByReference total = new LongByReference();
        driver.call("cuMemGetInfo_v2", free, total);
        return new long[] {free.getValue(), total.getValue()};
    }

    /**
     * Allocates memory, aligned to at least 256 bytes.
     *
     * @return its address
     * @throws OutOfDeviceMemoryException if there is too little
     */
    public long allocate(long bytes) {
        LongByReference address = new LongByReference();
        int status = driver.status("cuMemAlloc_v2", address, Math.max(bytes, 1));
        if (status == OUT_OF_MEMORY) {
            throw new OutOfDeviceMemoryException(index, bytes, freeMemory());
        }
        if (status != 0) {
            throw new CudaException("cuMemAlloc", status, bytes + " bytes");
        }
        allocations.put(address.getValue(), bytes);
        return address.getValue();
    }

    /** Bytes that this process has allocated with {@link #allocate} and not freed. */
    public long allocatedBytes() {
        return allocations.values().stream().mapToLong(Long::longValue).sum();
    }

    public void free(long address) {
        allocations.remove(address);
        driver.call("cuMemFree_v2", address);
    }

    public Stream stream() {
        return new Stream(this);
    }

    /** Page-locked host memory, for asynchronous copies. */
    public PinnedMemory pinned(long bytes) {
        return new PinnedMemory(driver, bytes);
    }

    /** @param cubin machine code for this GPU, compiled by {@link Nvrtc} */
    CudaModule module(byte[] cubin) {
        return new CudaModule(driver, cubin);
    }

    @Override
    public String toString() {
        return "GPU " + index + ", " + name();
    }
}
