package io.resnetspark.model.cuda;

/** The result of a convolution: its output, or one of its two gradients. */
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

    /** As in the names of cuDNN's functions. */
    String inNames() {
        return inNames;
    }

    String inWords() {
        return inWords;
    }
}
