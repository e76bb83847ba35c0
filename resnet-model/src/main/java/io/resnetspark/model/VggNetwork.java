package io.resnetspark.model;

import java.util.List;

/**
 * A network of Simonyan and Zisserman (2014), which the paper compares with: 3x3 convolutions with bias, and three
 * fully connected layers.
 *
 * @param widths channels of each stage
 * @param depths convolutions per stage; 2x2 max pooling ends a stage
 * @param connected width of the two fully connected layers before the classifier
 */
public record VggNetwork(String name, List<Integer> widths, List<Integer> depths, int connected, int classes)
        implements Network {
    public VggNetwork {
        widths = List.copyOf(widths);
        depths = List.copyOf(depths);
    }

    @Override
    public Shape input() {
        return Shape.square(3, 224);
    }

    /**
     * Numbers in names are torchvision's module indices: convolution, ReLU, pooling; dropout after fully connected
     * layers.
     */
    @Override
    public <T> T accept(NetworkVisitor<T> visitor, T image, int classes) {
        T x = image;
        int module = 0;
        for (int stage = 0; stage < depths.size(); stage++) {
            for (int i = 0; i < depths.get(stage); i++) {
                x = visitor.convolveWithBias("features." + module, x, new KernelGeometry(3, 1), widths.get(stage));
                module += 2;
            }
            x = visitor.maxPool("features." + module, x, new KernelGeometry(2, 2));
            module++;
        }
        x = visitor.flatten("flatten", x);
        x = visitor.connect("classifier.0", x, connected);
        x = visitor.connect("classifier.3", x, connected);
        return visitor.classify("classifier.6", x, classes);
    }
}
