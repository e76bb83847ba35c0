package io.resnetspark.score;

import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;

/** Images that one task scores. */
interface ImagePartition extends Serializable {
    /**
     * An image as it lies there.
     *
     * @param key identity of the image in the output
     * @param bytes the encoded image; null if there is none
     * @param problem why there is none; null if there is one
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record KeyedImage(String key, byte[] bytes, String problem) {
        static KeyedImage of(String key, byte... bytes) {
            return new KeyedImage(key, bytes, null);
        }

        static KeyedImage missing(String key, String problem) {
            return new KeyedImage(key, null, problem);
        }
    }

    /**
     * Identifies the images: a part with the same one has the same images, as far as the names, lengths and modification
     * times of their files tell.
     */
    String id(Configuration conf) throws IOException;

    /** Whether {@link #id} is known without a request for each image. */
    default boolean isListed() {
        return true;
    }

    /** As far as is known before they are read. */
    long images();

    Iterator<KeyedImage> read(Configuration conf) throws IOException;
}
