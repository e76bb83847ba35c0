package io.resnetspark.common;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Random generators that depend only on their purpose (seed, epoch, key), not on the order of calls. */
public final class Seeds {
    private Seeds() {}

    /** The generator for one image in one epoch. It does not depend on the partitioning or on task retries. */
    public static RandomGenerator generator(long seed, long epoch, String key) {
        return new SplittableRandom(mix(mix(mix(seed) ^ epoch) ^ hash(key)));
    }

    public static RandomGenerator generator(long seed, long epoch) {
        return new SplittableRandom(mix(mix(seed) ^ epoch));
    }

    /** A 64-bit hash of a string, the same on every machine: FNV-1a, then a finaliser. */
    public static long hash(String key) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < key.length(); i++) {
            hash = (hash ^ key.charAt(i)) * 0x100000001b3L;
        }
        return mix(hash);
    }

    /** SplitMix64's finaliser (Steele, Lea and Flood 2014): every input bit moves every output bit. */
    private static long mix(long z) {
        z = (z + 0x9e3779b97f4a7c15L);
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
