package io.resnetspark.model;

/**
 * The size and cost of a network at an input size, computed from its description alone.
 *
 * @param parameters trainable parameters; DL4J's {@code numParams} also counts BN's running mean and variance
 * @param runningStatistics these means and variances
 * @param multiplyAdds of convolutions and fully connected layers, per image, as the paper counts
 * @param layers weighted layers on the longest path, the number in the network's name
 * @param activations floats per image that training keeps from the forward to the backward pass: the input and the
 *     output of every layer
 * @param largestActivation floats of the largest of them
 */
public record ModelSummary(
        long parameters,
        long runningStatistics,
        long multiplyAdds,
        int layers,
        long activations,
        long largestActivation) {

    static ModelSummary of(Network network, Shape input, int classes) {
        Counter counter = new Counter();
        counter.count(input);
        Counted output = network.accept(counter, new Counted(input, 0), classes);
        return new ModelSummary(
                counter.parameters,
                counter.runningStatistics,
                counter.multiplyAdds,
                output.depth,
                counter.activations,
                counter.largest);
    }

    /** A layer's output, and the number of weighted layers up to it on the longest path. */
    private record Counted(Shape shape, int depth) {}

    private static final class Counter implements NetworkVisitor<Counted> {
        private long parameters;
        private long runningStatistics;
        private long multiplyAdds;
        private long activations;
        private long largest;

        @Override
        public Counted convolve(String name, Counted input, KernelGeometry geometry, int outputs) {
            Shape output = count(geometry.outputShape(input.shape, outputs));
            long weights = (long) geometry.kernel() * geometry.kernel() * input.shape.channels() * outputs;
            parameters += weights;
            multiplyAdds += weights * output.height() * output.width();
            return new Counted(output, input.depth + 1);
        }

        @Override
        public Counted normalize(String name, Counted input, boolean relu) {
            parameters += 2L * input.shape.channels();
            runningStatistics += 2L * input.shape.channels();
            return new Counted(count(input.shape), input.depth);
        }

        @Override
        public Counted convolveWithBias(String name, Counted input, KernelGeometry geometry, int outputs) {
            parameters += outputs;
            return convolve(name, input, geometry, outputs);
        }

        @Override
        public Counted maxPool(String name, Counted input, KernelGeometry geometry) {
            return new Counted(count(geometry.outputShape(input.shape, input.shape.channels())), input.depth);
        }

        @Override
        public Counted padChannels(String name, Counted input, int stride, int outputs) {
            return new Counted(count(new KernelGeometry(1, stride).outputShape(input.shape, outputs)), input.depth);
        }

        @Override
        public Counted add(String name, Counted residual, Counted shortcut, boolean relu) {
            return new Counted(count(residual.shape), Math.max(residual.depth, shortcut.depth));
        }

        @Override
        public Counted globalAverage(String name, Counted input) {
            return new Counted(count(Shape.vector(input.shape.channels())), input.depth);
        }

        @Override
        public Counted flatten(String name, Counted input) {
            return new Counted(count(Shape.vector(Math.toIntExact(input.shape.elements()))), input.depth);
        }

        @Override
        public Counted connect(String name, Counted input, int outputs) {
            long weights = (long) input.shape.channels() * outputs;
            parameters += weights + outputs;
            multiplyAdds += weights;
            return new Counted(count(Shape.vector(outputs)), input.depth + 1);
        }

        @Override
        public Counted classify(String name, Counted input, int classes) {
            return connect(name, input, classes);
        }

        @Override
        public Shape shape(Counted part) {
            return part.shape;
        }

        private Shape count(Shape output) {
            activations += output.elements();
            largest = Math.max(largest, output.elements());
            return output;
        }
    }
}
