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
 * Where everything of a pass for one batch size lies, and the operations of the pass in their order; made without touching
 * the device, so it also says how much memory a batch takes.
 */
final class Plan {
    /** Bytes that one thread of our kernels works on. */
    private static final int VECTOR = 16;

    private final NetworkMemory memory;
    private final int batch;
    private final boolean training;
    private final boolean levels;
    private final boolean forks;
    private final Arena arena = new Arena();
    private final Map<Activation, Place> places = new HashMap<>();
    private final Map<Activation, List<Place>> gradients = new HashMap<>();
    private final Map<Normalized, Place> tables = new HashMap<>();
    private final List<Operation> preparations = new ArrayList<>();
    private final List<Operation> operations = new ArrayList<>();
    private final List<Convolver.Use> convolutions = new ArrayList<>();
    private final Map<String, Place> dropouts = new LinkedHashMap<>();
    private final Map<Input, Place> inputs = new EnumMap<>(Input.class);
    private Place probabilities;

    /**
     * An empty one.
     *
     * @param levels whether images come as {@link LevelMinibatch}, else as floats
     * @param forks whether weight gradients run beside the rest; then nothing is used twice within the step
     */
    Plan(NetworkMemory memory, int batch, boolean training, boolean levels, boolean forks) {
        this.memory = memory;
        this.batch = batch;
        this.training = training;
        this.levels = levels;
        this.forks = forks;
    }

    // What is asked of it when it is done.

    List<Operation> operations() {
        return Collections.unmodifiableList(operations);
    }

    /** To be run when the parameters have changed. */
    List<Operation> preparations() {
        return Collections.unmodifiableList(preparations);
    }

    List<Convolver.Use> convolutions() {
        return Collections.unmodifiableList(convolutions);
    }

    /** Bytes of activation memory. */
    long bytes() {
        return arena.size();
    }

    boolean forks() {
        return forks;
    }

    // What nodes ask.

    int batch() {
        return batch;
    }

    boolean isTraining() {
        return training;
    }

    Precision precision() {
        return memory.precision();
    }

    Parameters parameters() {
        return memory.parameters();
    }

    /** Channels that one thread works on. */
    int lanes() {
        return VECTOR / precision().bytes();
    }

    Tile tile(Activation activation) {
        return Tile.of(
                rows(activation),
                activation.shape().channels(),
                lanes(),
                memory.device().multiprocessors());
    }

    int rows(Activation activation) {
        return Math.multiplyExact(batch, activation.pixels());
    }

    /** Of 16 bytes. */
    long groups(Activation activation) {
        return (long) rows(activation) * activation.shape().channels() / lanes();
    }

    Place take(long bytes) {
        return new Place(arena.take(bytes), bytes);
    }

    /** Room for an activation or its gradient. */
    Place takeFor(Activation activation) {
        return take((long) rows(activation)
                * activation.shape().channels()
                * precision().bytes());
    }

    Place write(Activation activation) {
        Place place = takeFor(activation);
        places.put(activation, place);
        return place;
    }

    Place read(Activation activation) {
        return places.get(activation);
    }

    /** Nobody needs what lies there any more. In a plan that forks, something beside may still read it. */
    void release(Place place) {
        if (place != null && place.release() && !(forks && training)) {
            arena.give(place.offset(), place.bytes());
        }
    }

    void forget(Activation activation) {
        release(places.remove(activation));
    }

    /** Adds to what an activation's gradient is the sum of. */
    void contribute(Activation activation, Place gradient) {
        gradients.computeIfAbsent(activation, a -> new ArrayList<>()).add(gradient);
    }

    /** The one or two arrays whose sum is the gradient, which the caller then owns. */
    List<Place> gradients(Activation activation) {
        List<Place> parts = gradients.remove(activation);
        while (parts.size() > 2) {
            Place sum = sum(activation, parts.remove(parts.size() - 1), parts.remove(parts.size() - 1));
            parts.add(sum);
        }
        return parts;
    }

    /** The gradient as one array. */
    Place gradient(Activation activation) {
        List<Place> parts = gradients(activation);
        return parts.size() == 1 ? parts.get(0) : sum(activation, parts.get(0), parts.get(1));
    }

    private Place sum(Activation activation, Place a, Place b) {
        Place sum = isOwn(a) ? a : takeFor(activation);
        launch("sums of gradients", "add", Grid.of(groups(activation)), a, b, sum, groups(activation));
        release(b);
        if (sum != a) {
            release(a);
        }
        return sum;
    }

    /** Whether it may be overwritten: nobody else reads it, nor something that runs beside. */
    boolean isOwn(Place place) {
        return place.hasOneUser() && !(forks && place.wasShared());
    }

    /** Mean, inverse deviation, scale and shift of each channel. Those of inference are there before its first operation. */
    Place table(Normalized normalized) {
        return tables.computeIfAbsent(normalized, n -> {
            long bytes = 4L * n.channels() * Float.BYTES;
            return new Place(arena.takeFresh(bytes), bytes);
        });
    }

    // What comes from outside of the network, and goes there.

    boolean takesLevels() {
        return levels;
    }

    /** Where some of the input will be. */
    Place input(Input what, long bytes) {
        return inputs.computeIfAbsent(what, w -> take(bytes));
    }

    /** Where each part of the input is read. */
    Map<Input, Place> inputs() {
        return Collections.unmodifiableMap(inputs);
    }

    /** Where the results go: floats, batch x classes. */
    Place probabilities(int classes) {
        probabilities = take((long) batch * classes * Float.BYTES);
        return probabilities;
    }

    /** Where a layer's factors of 0 and 2 will be, a byte for each value. */
    Place dropout(String vertex, long values) {
        return dropouts.computeIfAbsent(vertex, v -> take(values));
    }

    Place probabilities() {
        return probabilities;
    }

    /** By the vertex that drops. */
    Map<String, Place> dropouts() {
        return Collections.unmodifiableMap(dropouts);
    }

    // Operations.

    /** @param arguments as of {@link Stream#launch}; places become addresses, null the null pointer */
    void launch(String part, String kernel, Grid grid, Object... arguments) {
        add(operations, part, false, kernel, grid, arguments);
    }

    /** Beside what comes after it. */
    void launchBeside(String part, String kernel, Grid grid, Object... arguments) {
        add(operations, part, forks, kernel, grid, arguments);
    }

    /** What comes next waits for all that runs beside. */
    void join() {
        if (forks) {
            operations.add(Operation.JOIN);
        }
    }

    /** Only when the parameters have changed. */
    void prepare(String kernel, Grid grid, Object... arguments) {
        add(preparations, "preparation", false, kernel, grid, arguments);
    }

    private void add(List<Operation> to, String part, boolean beside, String kernel, Grid grid, Object... arguments) {
        Pointer[] function = new Pointer[1];
        to.add(new Operation(part, beside, bytes(arguments), 0, lane -> {
            if (function[0] == null) {
                function[0] = memory.kernels().function(kernel);
            }
            lane.stream().launch(function[0], grid, resolved(arguments));
        }));
    }

    private static long bytes(Object... arguments) {
        long bytes = 0;
        for (Object argument : arguments) {
            bytes += argument instanceof Place place ? place.bytes() : 0;
        }
        return bytes;
    }

    private Object[] resolved(Object... arguments) {
        Object[] resolved = arguments.clone();
        for (int i = 0; i < resolved.length; i++) {
            if (resolved[i] == null) {
                resolved[i] = 0L;
            } else if (resolved[i] instanceof Place place) {
                resolved[i] = memory.address(place);
            }
        }
        return resolved;
    }

    /** @param x as of {@link Cudnn#run}, and so the others */
    void convolve(Convolver.Use use, Object x, Object w, Object y) {
        convolutions.add(use);
        boolean beside = forks && use.direction() == Direction.BACKWARD_FILTER;
        String part = "convolutions, " + use.direction().inWords();
        ConvolutionShape shape = use.shape();
        long elements = shape.inputElements() + shape.weightElements() + shape.outputElements();
        operations.add(new Operation(part, beside, elements * precision().bytes(), shape.multiplyAdds(), lane -> {
            Object[] at = resolved(x, w, y);
            memory.convolver().run(lane, use, (Long) at[0], (Long) at[1], (Long) at[2]);
        }));
    }
}
