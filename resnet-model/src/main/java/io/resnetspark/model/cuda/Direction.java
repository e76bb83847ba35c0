package io.resnetspark.model.cuda;

/** The result of a convolution: its output, or one of its two gradients. */
enum Direction {
    FORWARD("Forward", "forward"),
    BACKWARD_DATA("BackwardData", "gradient of the input"),
    BACKWARD_FILTER("BackwardFilter", "gradient of the weights");

    private final String cudnnName;
    private final String description;

    Direction(String inNames, String inWords) {
        this.cudnnName = inNames;
        this.description = inWords;
    }

    /** As in the names of cuDNN's functions. */
    String cudnnName() {
        return cudnnName;
    }

    String description() {
        return description;
    }
}
