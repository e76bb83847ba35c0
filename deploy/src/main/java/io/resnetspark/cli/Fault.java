package io.resnetspark.cli;

import io.resnetspark.model.cuda.CudaException;
import io.resnetspark.model.cuda.CudaUnavailableException;
import io.resnetspark.model.cuda.OutOfDeviceMemoryException;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.LeaseHeldException;
import io.resnetspark.tracking.TrackingServerException;
import io.resnetspark.train.averaging.DivergedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.apache.hadoop.fs.ClusterStorageCapacityExceededException;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.ipc.RetriableException;
import org.apache.hadoop.ipc.StandbyException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkException;

/** Whose fault a failure is, and the {@link ExitCode} that tells a scheduler. */
enum Fault {
    INTERNAL(ExitCode.FAILED),
    /** The recipe's: its loss is NaN. */
    DIVERGED(ExitCode.FAILED),
    INPUT(ExitCode.INPUT),
    /** Nobody's: another process is at it. */
    BUSY(ExitCode.BUSY),
    /** The machine's or the cluster's. */
    MACHINE(ExitCode.MACHINE),
    /** Bytes are not those of their manifest. */
    DAMAGED(ExitCode.DAMAGED);

    private final ExitCode exitCode;

    Fault(ExitCode exitCode) {
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode.code();
    }

    private static final String FULL =
            "The disk is full, or a quota is used up; what was there before is unchanged. Make room, or name another place.";
    private static final String FORBIDDEN =
            "This user may not read or write there. Give it the right to, or name another place.";
    private static final String UNREACHABLE =
            "Another machine cannot be reached. Is its name right, and does it run (name node, Spark's master, web server)?";
    private static final String WEB = "A web server answers with an error.";
    private static final String NATIVE = "The native libraries cannot be loaded. " + JavaCppCache.remedy();
    private static final String SYSTEM_LIBRARY =
            "A library of the system is missing on that machine. Install the package that has it.";
    private static final String MEMORY = "There is not enough memory. Give the JVM more (scripts/resnet:"
            + " RESNET_JAVA_OPTS=-Xmx8g; spark-submit: --driver-memory, --executor-memory), or take a smaller batch.";
    private static final String GPU_MEMORY =
            "The GPU has not enough memory. Take a smaller batch, or end what else runs" + " there (nvidia-smi tells).";
    private static final String GPU = "A GPU or its driver failed; 'dmesg | grep -i xid' tells what the driver says.";
    private static final String JAVA = "A Java there is too old. " + SupportedJava.WORDS;
    private static final String ENDED =
            "The cluster ended Spark: its master cannot be reached, or has given this application up."
                    + " The master's log says why.";
    private static final String DISK = "A disk or a file system does not do as it should.";

    /**
     * What failures of a type are.
     *
     * @param words that the message must hold, if any
     * @param sentence that stands before the message; none where it says all
     */
    private record Kind(Class<? extends Throwable> type, Pattern words, Fault fault, String sentence) {
        static Kind of(Class<? extends Throwable> type, Fault fault, String sentence) {
            return new Kind(type, Pattern.compile(""), fault, sentence);
        }

        static Kind of(Class<? extends Throwable> type, String words, Fault fault, String sentence) {
            return new Kind(type, Pattern.compile(words), fault, sentence);
        }

        String said(Class<?> failure, String message) {
            if (sentence.isEmpty()) {
                return message;
            }
            String line = FailureCause.firstLine(message);
            return sentence + " (" + (line.isEmpty() ? failure.getSimpleName() : line) + ")";
        }

        boolean fits(Class<?> failure, String message) {
            return type.isAssignableFrom(failure) && words.matcher(message).find();
        }
    }

    /** The first that fits holds. */
    private static final List<Kind> KINDS = List.of(
            Kind.of(BadInputException.class, INPUT, ""),
            Kind.of(DamagedException.class, DAMAGED, ""),
            Kind.of(LeaseHeldException.class, BUSY, ""),
            Kind.of(DivergedException.class, DIVERGED, ""),
            Kind.of(CudaUnavailableException.class, MACHINE, ""),
            Kind.of(OutOfDeviceMemoryException.class, MACHINE, GPU_MEMORY),
            Kind.of(CudaException.class, MACHINE, GPU),
            Kind.of(TrackingServerException.class, MACHINE, ""),
            Kind.of(FileAlreadyExistsException.class, INPUT, ""),
            Kind.of(java.nio.file.FileAlreadyExistsException.class, INPUT, ""),
            Kind.of(UnsupportedFileSystemException.class, INPUT, ""),
            Kind.of(ClusterStorageCapacityExceededException.class, MACHINE, FULL),
            Kind.of(IOException.class, "No space left|Disk quota exceeded", MACHINE, FULL),
            Kind.of(AccessControlException.class, MACHINE, FORBIDDEN),
            Kind.of(AccessDeniedException.class, MACHINE, FORBIDDEN),
            Kind.of(IOException.class, "Permission denied|Read-only file system|Mkdirs failed", MACHINE, FORBIDDEN),
            Kind.of(SocketException.class, MACHINE, UNREACHABLE),
            Kind.of(SocketTimeoutException.class, MACHINE, UNREACHABLE),
            Kind.of(UnknownHostException.class, MACHINE, UNREACHABLE),
            Kind.of(SSLException.class, MACHINE, UNREACHABLE),
            Kind.of(IOException.class, "Server returned HTTP response code", MACHINE, WEB),
            Kind.of(RetriableException.class, MACHINE, UNREACHABLE),
            Kind.of(StandbyException.class, MACHINE, UNREACHABLE),
            Kind.of(IOException.class, "could only be written to 0 of|safe mode", MACHINE, UNREACHABLE),
            Kind.of(IOException.class, "Input/output error|Stale file handle|Too many open files", MACHINE, DISK),
            Kind.of(LinkageError.class, "cannot open shared object file", MACHINE, SYSTEM_LIBRARY),
            Kind.of(UnsatisfiedLinkError.class, MACHINE, NATIVE),
            Kind.of(UnsupportedClassVersionError.class, MACHINE, JAVA),
            Kind.of(NoClassDefFoundError.class, "org\\.(bytedeco|nd4j)\\.", MACHINE, NATIVE),
            Kind.of(OutOfMemoryError.class, MACHINE, MEMORY),
            Kind.of(IllegalStateException.class, "SparkContext has been shutdown|stopped SparkContext", MACHINE, ENDED),
            Kind.of(SparkException.class, "SparkContext was shut down", MACHINE, ENDED),
            Kind.of(SparkException.class, "Could not parse Master URL", INPUT, "--master names no Spark."),
            Kind.of(SparkException.class, "exceeding (?:physical |virtual )?memory limits", MACHINE, MEMORY),
            Kind.of(FileNotFoundException.class, INPUT, "There is no such file."),
            Kind.of(NoSuchFileException.class, INPUT, "There is no such file."),
            Kind.of(NotDirectoryException.class, INPUT, "That is no folder."));

    /** What a failure is, and its sentence; nothing if it fits no kind. */
    static Optional<FailureCause> known(Class<?> failure, String message) {
        return KINDS.stream()
                .filter(kind -> kind.fits(failure, message))
                .findFirst()
                .map(kind -> new FailureCause(kind.fault, kind.said(failure, message), failure));
    }
}
