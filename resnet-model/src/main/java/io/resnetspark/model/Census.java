package io.resnetspark.model;

/**
 * What a network costs at an input size, counted from the catalogue alone.
 *
 * @param parameters trainable parameters; DL4J's {@code numParams} counts BN's running mean and variance as well
 * @param runningStatistics those means and variances
 * @param multiplyAdds of convolutions and the classifier, per image, as the paper counts
 * @param layers weighted layers on the longest path, the number in the network's name
 */
public record Census(long parameters, long runningStatistics, long multiplyAdds, int layers) {

    static Census of(Network network, Shape input, int classes) {
        Counter counter = new Counter();
        network.assemble(counter, new Counted(input, 0), classes);
        return new Census(counter.parameters, counter.runningStatistics, counter.multiplyAdds, counter.layers);
    }

    private record Counted(Shape shape, int depth) {}

    private static final class Counter implements Assembler<Counted> {
        private long parameters;
        private long runningStatistics;
        private long multiplyAdds;
        private int layers;

        @Override
        public Counted convolve(
                String convolution, String normalization, Counted input, Window window, int outputs, boolean relu) {
            Shape output = window.slide(input.shape, outputs);
            long weights = (long) window.kernel() * window.kernel() * input.shape.channels() * outputs;
            parameters += weights + 2L * outputs;
            runningStatistics += 2L * outputs;
            multiplyAdds += weights * output.height() * output.width();
            return new Counted(output, input.depth + 1);
        }

        @Override
        public Counted maxPool(String name, Counted input, Window window) {
            return new Counted(window.slide(input.shape, input.shape.channels()), input.depth);
        }

        @Override
        public Counted padChannels(String name, Counted input, int stride, int outputs) {
            return new Counted(new Window(1, stride).slide(input.shape, outputs), input.depth);
        }

        @Override
        public Counted add(String name, Counted residual, Counted shortcut) {
            return new Counted(residual.shape, Math.max(residual.depth, shortcut.depth));
        }

        @Override
        public Counted globalAverage(String name, Counted input) {
            return new Counted(new Shape(input.shape.channels(), 1, 1), input.depth);
        }

        @Override
        public Counted classify(String name, Counted input, int classes) {
            long weights = (long) input.shape.channels() * classes;
            parameters += weights + classes;
            multiplyAdds += weights;
            layers = input.depth + 1;
            return new Counted(new Shape(classes, 1, 1), layers);
        }

        @Override
        public Shape shape(Counted part) {
            return part.shape;
        }
    }
}
