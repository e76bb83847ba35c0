package io.resnetspark.model.cuda;

/** What a convolution computes: its output, or one of its two gradients. */
enum Direction {
    FORWARD("Forward", "forward"),
    BACKWARD_DATA("BackwardData", "gradient of the input"),
    BACKWARD_FILTER("BackwardFilter", "gradient of the weights");

    private final String inNames;
    private final String inWords;

    Direction(String inNames, String inWords) {
        this.inNames = inNames;
        this.inWords = inWords;
    }

    /** As cuDNN's functions are called. */
    String inNames() {
        return inNames;
    }

    String inWords() {
        return inWords;
    }
}
