package io.resnetspark.model.cuda;

/**
 * The cost of a part of a step on a GPU.
 *
 * @param calls of kernels and libraries
 * @param milliseconds on the device
 * @param bytes of the activations that it reads and writes, each once per call; 0 for the update, which reads none
 * @param multiplyAdds of its convolutions
 */
public record ProfileEntry(String name, int calls, double milliseconds, long bytes, long multiplyAdds) {
    ProfileEntry plus(ProfileEntry other) {
        return new ProfileEntry(
                name,
                calls + other.calls,
                milliseconds + other.milliseconds,
                bytes + other.bytes,
                multiplyAdds + other.multiplyAdds);
    }
}
