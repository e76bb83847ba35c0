package io.resnetspark.source;

import java.io.Serializable;

/**
 * A file in a listing.
 *
 * @param name relative to the folder that was listed
 * @param length in bytes; -1 where only the name is known
 * @param modificationTime in milliseconds since 1970; -1 likewise
 */
public record ListedFile(String name, long length, long modificationTime) implements Serializable {
    /** Of a list of names: to ask for the state of each would be a request per image. */
    public static ListedFile named(String name) {
        return new ListedFile(name, -1, -1);
    }
}
