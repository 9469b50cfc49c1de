//! A stand-in for what tests use of the crate `rand`: `thread_rng`, `gen`, `gen_range`.
use std::ops::{Add, Range, Sub};

pub struct ThreadRng(u64);

pub fn thread_rng() -> ThreadRng {
    ThreadRng(0x9E37_79B9_7F4A_7C15)
}

pub fn random<T: Sample>() -> T {
    thread_rng().gen()
}

impl ThreadRng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

pub trait Sample: Copy {
    fn from_bits(bits: u64) -> Self;
    fn below(self, bits: u64) -> Self;
}

macro_rules! integers { ($($t:ty),*) => { $(impl Sample for $t {
    fn from_bits(bits: u64) -> Self { bits as $t }
    fn below(self, bits: u64) -> Self { (bits % (self as u64).max(1)) as $t }
})* } }
integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

macro_rules! floats { ($($t:ty),*) => { $(impl Sample for $t {
    fn from_bits(bits: u64) -> Self { ((bits >> 11) as f64 / (1u64 << 53) as f64) as $t }
    fn below(self, bits: u64) -> Self { self * <Self as Sample>::from_bits(bits) }
})* } }
floats!(f64);

impl Sample for bool {
    fn from_bits(bits: u64) -> Self { bits & 1 == 1 }
    fn below(self, bits: u64) -> Self { bits & 1 == 1 }
}

pub trait Bounds<T> {
    fn ends(self) -> (T, T);
}

impl<T> Bounds<T> for Range<T> {
    fn ends(self) -> (T, T) { (self.start, self.end) }
}

pub trait Rng {
    fn bits(&mut self) -> u64;
    fn gen<T: Sample>(&mut self) -> T { T::from_bits(self.bits()) }
    fn gen_range<T: Sample + Add<Output = T> + Sub<Output = T>>(&mut self, low: T, high: T) -> T {
        let bits = self.bits();
        low + (high - low).below(bits)
    }
    fn gen_bool(&mut self, p: f64) -> bool { self.gen::<f64>() < p }
}

impl Rng for ThreadRng {
    fn bits(&mut self) -> u64 { self.next() }
}
