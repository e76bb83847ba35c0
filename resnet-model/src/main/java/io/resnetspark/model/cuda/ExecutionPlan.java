package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import io.resnetspark.model.Precision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The memory layout and the operations of a pass for one batch size. Planning does not touch the device, so it also
 * tells how much memory a batch needs.
 */
final class ExecutionPlan {
    /** Bytes that a thread of our kernels processes at once. */
    private static final int VECTOR = 16;

    private final NetworkContext shared;
    private final int batch;
    private final boolean training;
    private final boolean uint8Input;
    private final boolean forks;
    private final BufferAllocator allocator = new BufferAllocator();
    private final Map<Activation, Buffer> places = new HashMap<>();
    private final Map<Activation, List<Buffer>> gradients = new HashMap<>();
    private final Map<DeferredNormalization, Buffer> tables = new HashMap<>();
    private final List<Operation> preparations = new ArrayList<>();
    private final List<Operation> operations = new ArrayList<>();
    private final List<ConvolutionDispatcher.Request> convolutions = new ArrayList<>();
    private final Map<String, Buffer> dropouts = new LinkedHashMap<>();
    private final Map<Input, Buffer> inputs = new EnumMap<>(Input.class);
    private Buffer probabilities;

    /**
     * An empty plan.
     *
     * @param uint8Input whether images come as {@link Uint8Minibatch}, else as floats
     * @param forks whether weight gradients run concurrently; then no buffer is reused within the step
     */
    ExecutionPlan(NetworkContext shared, int batch, boolean training, boolean uint8Input, boolean forks) {
        this.shared = shared;
        this.batch = batch;
        this.training = training;
        this.uint8Input = uint8Input;
        this.forks = forks;
    }

    // The finished plan.

    List<Operation> operations() {
        return Collections.unmodifiableList(operations);
    }

    /** To run when the parameters have changed. */
    List<Operation> preparations() {
        return Collections.unmodifiableList(preparations);
    }

    List<ConvolutionDispatcher.Request> convolutions() {
        return Collections.unmodifiableList(convolutions);
    }

    /** Bytes of activation memory. */
    long bytes() {
        return allocator.size();
    }

    boolean forks() {
        return forks;
    }

    // For nodes.

    int batch() {
        return batch;
    }

    boolean isTraining() {
        return training;
    }

    Precision precision() {
        return shared.precision();
    }

    Parameters parameters() {
        return shared.parameters();
    }

    /** Channels that a thread processes at once. */
    int vectorWidth() {
        return VECTOR / precision().bytes();
    }

    ThreadLayout tile(Activation activation) {
        return ThreadLayout.of(
                rows(activation),
                activation.shape().channels(),
                vectorWidth(),
                shared.device().multiprocessors());
    }

    int rows(Activation activation) {
        return Math.multiplyExact(batch, activation.pixels());
    }

    /** Vectors of 16 bytes. */
    long groups(Activation activation) {
        return (long) rows(activation) * activation.shape().channels() / vectorWidth();
    }

    Buffer allocate(long bytes) {
        return new Buffer(allocator.allocate(bytes), bytes);
    }

    /** A buffer for an activation or its gradient. */
    Buffer allocateFor(Activation activation) {
        return allocate((long) rows(activation)
                * activation.shape().channels()
                * precision().bytes());
    }

    Buffer write(Activation activation) {
        Buffer buffer = allocateFor(activation);
        places.put(activation, buffer);
        return buffer;
    }

    Buffer read(Activation activation) {
        return places.get(activation);
    }

    /**
     * Drops a reference. In a plan that forks, a concurrent operation may still read the buffer, so it is not reused.
     */
    void release(Buffer buffer) {
        if (buffer != null && buffer.release() && !(forks && training)) {
            allocator.free(buffer.offset(), buffer.bytes());
        }
    }

    void forget(Activation activation) {
        release(places.remove(activation));
    }

    /** Adds a summand to an activation's gradient. */
    void addGradient(Activation activation, Buffer gradient) {
        gradients.computeIfAbsent(activation, a -> new ArrayList<>()).add(gradient);
    }

    /** The one or two buffers whose sum is the gradient; the caller owns them. */
    List<Buffer> gradients(Activation activation) {
        List<Buffer> parts = gradients.remove(activation);
        while (parts.size() > 2) {
            Buffer sum = sum(activation, parts.remove(parts.size() - 1), parts.remove(parts.size() - 1));
            parts.add(sum);
        }
        return parts;
    }

    /** The gradient as one buffer. */
    Buffer gradient(Activation activation) {
        List<Buffer> parts = gradients(activation);
        return parts.size() == 1 ? parts.get(0) : sum(activation, parts.get(0), parts.get(1));
    }

    private Buffer sum(Activation activation, Buffer a, Buffer b) {
        Buffer sum = isWritable(a) ? a : allocateFor(activation);
        launch("sums of gradients", "add", Grid.of(groups(activation)), a, b, sum, groups(activation));
        release(b);
        if (sum != a) {
            release(a);
        }
        return sum;
    }

    /** Whether it may be overwritten: it has no other reader, also no concurrent one. */
    boolean isWritable(Buffer buffer) {
        return buffer.isUnique() && !(forks && buffer.wasShared());
    }

    /**
     * Mean, inverse standard deviation, scale and shift of each channel. For inference they are prepared in advance.
     */
    Buffer normalizationTable(DeferredNormalization normalized) {
        return tables.computeIfAbsent(normalized, n -> {
            long bytes = 4L * n.channels() * Float.BYTES;
            return new Buffer(allocator.allocateFresh(bytes), bytes);
        });
    }

    // Input and output of the network.

    boolean takesUint8() {
        return uint8Input;
    }

    /** The buffer of a part of the input. */
    Buffer input(Input what, long bytes) {
        return inputs.computeIfAbsent(what, w -> allocate(bytes));
    }

    /** The buffers of all parts of the input. */
    Map<Input, Buffer> inputs() {
        return Collections.unmodifiableMap(inputs);
    }

    /** The buffer of the results: floats, batch x classes. */
    Buffer probabilities(int classes) {
        probabilities = allocate((long) batch * classes * Float.BYTES);
        return probabilities;
    }

    /** The buffer of a layer's dropout factors of 0 and 2, one byte per value. */
    Buffer dropout(String vertex, long values) {
        return dropouts.computeIfAbsent(vertex, v -> allocate(values));
    }

    Buffer probabilities() {
        return probabilities;
    }

    /** By the name of the dropout vertex. */
    Map<String, Buffer> dropouts() {
        return Collections.unmodifiableMap(dropouts);
    }

    // Operations.

    /** @param arguments as of {@link Stream#launch}; buffers become addresses, null becomes the null pointer */
    void launch(String part, String kernel, Grid grid, Object... arguments) {
        add(operations, part, false, kernel, grid, arguments);
    }

    /** Launches a kernel that may run concurrently with the following operations. */
    void launchConcurrently(String part, String kernel, Grid grid, Object... arguments) {
        add(operations, part, forks, kernel, grid, arguments);
    }

    /** The following operations wait for all concurrent ones. */
    void join() {
        if (forks) {
            operations.add(Operation.JOIN);
        }
    }

    /** Runs only when the parameters have changed. */
    void prepare(String kernel, Grid grid, Object... arguments) {
        add(preparations, "preparation", false, kernel, grid, arguments);
    }

    private void add(
            List<Operation> to, String part, boolean concurrent, String kernel, Grid grid, Object... arguments) {
        Pointer[] function = new Pointer[1];
        to.add(new Operation(part, concurrent, bytes(arguments), 0, context -> {
            if (function[0] == null) {
                function[0] = shared.kernels().function(kernel);
            }
            context.stream().launch(function[0], grid, resolved(arguments));
        }));
    }

    private static long bytes(Object... arguments) {
        long bytes = 0;
        for (Object argument : arguments) {
            bytes += argument instanceof Buffer buffer ? buffer.bytes() : 0;
        }
        return bytes;
    }

    private Object[] resolved(Object... arguments) {
        Object[] resolved = arguments.clone();
        for (int i = 0; i < resolved.length; i++) {
            if (resolved[i] == null) {
                resolved[i] = 0L;
            } else if (resolved[i] instanceof Buffer buffer) {
                resolved[i] = shared.address(buffer);
            }
        }
        return resolved;
    }

    /** @param x as of {@link Cudnn#run}, like the others */
    void convolve(ConvolutionDispatcher.Request request, Object x, Object w, Object y) {
        convolutions.add(request);
        boolean concurrent = forks && request.direction() == Direction.BACKWARD_FILTER;
        String part = "convolutions, " + request.direction().description();
        ConvolutionShape shape = request.shape();
        long elements = shape.inputElements() + shape.weightElements() + shape.outputElements();
        operations.add(new Operation(
                part, concurrent, elements * precision().bytes(), shape.multiplyAdds(), context -> {
                    Object[] at = resolved(x, w, y);
                    shared.dispatcher().run(context, request, (Long) at[0], (Long) at[1], (Long) at[2]);
                }));
    }
}
