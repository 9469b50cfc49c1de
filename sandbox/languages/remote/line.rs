// The line between a judge and a program: frames of typed values on descriptor 4. Both ends have
// this. What comes from the program is read with every length checked.
#[allow(dead_code, unused_imports, non_camel_case_types)]
mod rlvr_line {
    use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
    use std::hash::Hash;
    use std::io::{Read, Write};
    use std::os::unix::io::FromRawFd;

    pub const MOST: usize = 64 << 20;

    pub struct Reader<'a> {
        pub rest: &'a [u8],
    }
    impl<'a> Reader<'a> {
        pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
            if count > self.rest.len() {
                return None;
            }
            let (head, tail) = self.rest.split_at(count);
            self.rest = tail;
            Some(head)
        }
        pub fn count(&mut self) -> Option<usize> {
            let bytes = self.take(4)?;
            let count = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
            if count > self.rest.len() { None } else { Some(count) }
        }
    }

    pub trait Put {
        fn put(&self, out: &mut Vec<u8>);
    }
    pub trait Get: Sized {
        fn get(from: &mut Reader) -> Option<Self>;
    }

    macro_rules! number {
        ($($kind:ty),*) => {$(
            impl Put for $kind {
                fn put(&self, out: &mut Vec<u8>) { out.extend_from_slice(&self.to_le_bytes()); }
            }
            impl Get for $kind {
                fn get(from: &mut Reader) -> Option<Self> {
                    let mut bytes = [0u8; std::mem::size_of::<$kind>()];
                    bytes.copy_from_slice(from.take(std::mem::size_of::<$kind>())?);
                    Some(<$kind>::from_le_bytes(bytes))
                }
            }
        )*};
    }
    number!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64);

    fn put_count(out: &mut Vec<u8>, count: usize) {
        out.extend_from_slice(&(count as u32).to_le_bytes());
    }
    impl Put for bool { fn put(&self, out: &mut Vec<u8>) { out.push(*self as u8); } }
    impl Get for bool { fn get(from: &mut Reader) -> Option<Self> { Some(from.take(1)?[0] != 0) } }
    impl Put for char { fn put(&self, out: &mut Vec<u8>) { (*self as u32).put(out); } }
    impl Get for char { fn get(from: &mut Reader) -> Option<Self> { std::char::from_u32(u32::get(from)?) } }
    impl Put for () { fn put(&self, _: &mut Vec<u8>) {} }
    impl Get for () { fn get(_: &mut Reader) -> Option<Self> { Some(()) } }
    impl Put for str {
        fn put(&self, out: &mut Vec<u8>) { put_count(out, self.len()); out.extend_from_slice(self.as_bytes()); }
    }
    impl Put for String { fn put(&self, out: &mut Vec<u8>) { self.as_str().put(out); } }
    impl Get for String {
        fn get(from: &mut Reader) -> Option<Self> {
            let count = from.count()?;
            String::from_utf8(from.take(count)?.to_vec()).ok()
        }
    }
    impl Get for &'static str {
        fn get(from: &mut Reader) -> Option<Self> { Some(Box::leak(String::get(from)?.into_boxed_str())) }
    }
    impl<T: Put + ?Sized> Put for &T { fn put(&self, out: &mut Vec<u8>) { (**self).put(out); } }
    impl<T: Put + ?Sized> Put for &mut T { fn put(&self, out: &mut Vec<u8>) { (**self).put(out); } }
    impl<T: Put> Put for [T] {
        fn put(&self, out: &mut Vec<u8>) { put_count(out, self.len()); for each in self { each.put(out); } }
    }
    impl<T: Put, const N: usize> Put for [T; N] { fn put(&self, out: &mut Vec<u8>) { self[..].put(out); } }
    impl<T: Get, const N: usize> Get for [T; N] {
        fn get(from: &mut Reader) -> Option<Self> { Vec::<T>::get(from)?.try_into().ok() }
    }
    impl<T: Put> Put for Option<T> {
        fn put(&self, out: &mut Vec<u8>) { self.is_some().put(out); if let Some(value) = self { value.put(out); } }
    }
    impl<T: Get> Get for Option<T> {
        fn get(from: &mut Reader) -> Option<Self> {
            if bool::get(from)? { Some(Some(T::get(from)?)) } else { Some(None) }
        }
    }
    impl<T: Put, E: Put> Put for Result<T, E> {
        fn put(&self, out: &mut Vec<u8>) {
            self.is_ok().put(out);
            match self { Ok(value) => value.put(out), Err(error) => error.put(out) }
        }
    }
    impl<T: Get, E: Get> Get for Result<T, E> {
        fn get(from: &mut Reader) -> Option<Self> {
            Some(if bool::get(from)? { Ok(T::get(from)?) } else { Err(E::get(from)?) })
        }
    }
    impl<T: Put> Put for Box<T> { fn put(&self, out: &mut Vec<u8>) { (**self).put(out); } }
    impl<T: Get> Get for Box<T> { fn get(from: &mut Reader) -> Option<Self> { Some(Box::new(T::get(from)?)) } }

    // What a `dyn Any` may hold on its way.
    macro_rules! anything {
        ($($tag:literal $kind:ty),*) => {
            impl Put for dyn std::any::Any {
                fn put(&self, out: &mut Vec<u8>) {
                    $(if let Some(value) = self.downcast_ref::<$kind>() { out.push($tag); return value.put(out); })*
                    if let Some(value) = self.downcast_ref::<Vec<Box<dyn std::any::Any>>>() {
                        out.push(0);
                        return value.put(out);
                    }
                    panic!("a dyn Any that holds a type that cannot be sent");
                }
            }
            impl Get for Box<dyn std::any::Any> {
                fn get(from: &mut Reader) -> Option<Self> {
                    match from.take(1)?[0] {
                        $($tag => Some(Box::new(<$kind>::get(from)?)),)*
                        0 => Some(Box::new(Vec::<Box<dyn std::any::Any>>::get(from)?)),
                        _ => None,
                    }
                }
            }
        };
    }
    impl Put for Box<dyn std::any::Any> { fn put(&self, out: &mut Vec<u8>) { (**self).put(out); } }
    anything!(1 i32, 2 i64, 3 f64, 4 f32, 5 bool, 6 char, 7 String, 8 &'static str, 9 u8, 10 u32, 11 u64,
              12 usize, 13 Vec<i32>, 14 Vec<String>);

    macro_rules! items {
        ($($kind:ident: $($bound:path),*;)*) => {$(
            impl<T: Put> Put for $kind<T> {
                fn put(&self, out: &mut Vec<u8>) { put_count(out, self.len()); for each in self.iter() { each.put(out); } }
            }
            impl<T: Get $(+ $bound)*> Get for $kind<T> {
                fn get(from: &mut Reader) -> Option<Self> {
                    let count = from.count()?;
                    (0..count).map(|_| T::get(from)).collect()
                }
            }
        )*};
    }
    items! { Vec:; VecDeque:; HashSet: Eq, Hash; BTreeSet: Ord; }
    macro_rules! tables {
        ($($kind:ident: $($bound:path),*;)*) => {$(
            impl<K: Put, V: Put> Put for $kind<K, V> {
                fn put(&self, out: &mut Vec<u8>) { put_count(out, self.len()); for (k, v) in self.iter() { k.put(out); v.put(out); } }
            }
            impl<K: Get $(+ $bound)*, V: Get> Get for $kind<K, V> {
                fn get(from: &mut Reader) -> Option<Self> {
                    let count = from.count()?;
                    (0..count).map(|_| Some((K::get(from)?, V::get(from)?))).collect()
                }
            }
        )*};
    }
    tables! { HashMap: Eq, Hash; BTreeMap: Ord; }
    macro_rules! tuple {
        ($($part:ident $place:tt),*) => {
            impl<$($part: Put),*> Put for ($($part,)*) { fn put(&self, out: &mut Vec<u8>) { $(self.$place.put(out);)* } }
            impl<$($part: Get),*> Get for ($($part,)*) {
                fn get(from: &mut Reader) -> Option<Self> { Some(($($part::get(from)?,)*)) }
            }
        };
    }
    tuple!(A 0);
    tuple!(A 0, B 1);
    tuple!(A 0, B 1, C 2);
    tuple!(A 0, B 1, C 2, D 3);
    tuple!(A 0, B 1, C 2, D 3, E 4);

    fn line() -> std::mem::ManuallyDrop<std::fs::File> {
        std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(4) })
    }

    pub fn receive() -> Option<Vec<u8>> {
        let mut size = [0u8; 4];
        line().read_exact(&mut size).ok()?;
        let size = u32::from_le_bytes(size) as usize;
        if size > MOST {
            return None;
        }
        let mut body = vec![0u8; size];
        line().read_exact(&mut body).ok()?;
        Some(body)
    }

    pub fn send(body: &[u8]) {
        let mut frame = (body.len() as u32).to_le_bytes().to_vec();
        frame.extend_from_slice(body);
        if line().write_all(&frame).is_err() {
            std::process::exit(1);
        }
    }

    pub static ASKED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

    pub fn give_up(why: &str) -> ! {
        eprintln!("{}", why);
        std::process::exit(1)
    }

    // The judge asks: the reply's first byte says whether the program answered or panicked.
    pub fn ask(name: &str, arguments: &[u8]) -> Vec<u8> {
        ASKED.store(true, std::sync::atomic::Ordering::SeqCst);
        let mut body = Vec::new();
        name.put(&mut body);
        body.extend_from_slice(arguments);
        send(&body);
        let reply = receive().unwrap_or_else(|| give_up("the program ended"));
        match reply.first() {
            Some(b'A') => reply[1..].to_vec(),
            _ => panic!("the program panicked"),
        }
    }
}
