//! A stand-in for a little of the crate `regex`: literals, `.`, classes, `\s \d \w`, `* + ?`.
enum Atom {
    Any,
    Class(Vec<(char, char)>, bool),
}

struct Piece {
    atom: Atom,
    least: usize,
    most: usize,
}

pub struct Regex(Vec<Piece>);

#[derive(Debug)]
pub struct Error(String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { f.write_str(&self.0) }
}

fn named(letter: char) -> Option<Vec<(char, char)>> {
    Some(match letter {
        's' => vec![(' ', ' '), ('\t', '\r')],
        'd' => vec![('0', '9')],
        'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
        _ => return None,
    })
}

impl Regex {
    pub fn new(pattern: &str) -> Result<Regex, Error> {
        let marks: Vec<char> = pattern.chars().collect();
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < marks.len() {
            let atom = match marks[at] {
                '.' => Atom::Any,
                '\\' => {
                    at += 1;
                    let mark = *marks.get(at).ok_or(Error("ends in \\".into()))?;
                    Atom::Class(named(mark).unwrap_or(vec![(mark, mark)]), false)
                }
                '[' => {
                    let mut ranges = Vec::new();
                    at += 1;
                    let negated = marks.get(at) == Some(&'^');
                    at += negated as usize;
                    while *marks.get(at).ok_or(Error("no ]".into()))? != ']' {
                        let low = marks[at];
                        if marks.get(at + 1) == Some(&'-') && marks.get(at + 2) != Some(&']') {
                            ranges.push((low, marks[at + 2]));
                            at += 3;
                        } else if low == '\\' {
                            let mark = marks[at + 1];
                            ranges.extend(named(mark).unwrap_or(vec![(mark, mark)]));
                            at += 2;
                        } else {
                            ranges.push((low, low));
                            at += 1;
                        }
                    }
                    Atom::Class(ranges, negated)
                }
                '(' | ')' | '|' | '{' | '^' | '$' => return Err(Error("not covered".into())),
                mark => Atom::Class(vec![(mark, mark)], false),
            };
            at += 1;
            let (least, most) = match marks.get(at) {
                Some('*') => (0, usize::MAX),
                Some('+') => (1, usize::MAX),
                Some('?') => (0, 1),
                _ => (1, 1),
            };
            at += ((least, most) != (1, 1)) as usize;
            pieces.push(Piece { atom, least, most });
        }
        Ok(Regex(pieces))
    }

    fn end(&self, piece: usize, text: &[(usize, char)], at: usize) -> Option<usize> {
        let Some(Piece { atom, least, most }) = self.0.get(piece) else { return Some(at) };
        let fits = |mark: char| match atom {
            Atom::Any => mark != '\n',
            Atom::Class(ranges, negated) => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&mark)) != *negated
            }
        };
        let run = text[at..].iter().take(*most).take_while(|(_, mark)| fits(*mark)).count();
        (*least..=run).rev().find_map(|count| self.end(piece + 1, text, at + count))
    }

    fn find_from(&self, text: &[(usize, char)], from: usize) -> Option<(usize, usize)> {
        (from..=text.len()).find_map(|start| Some((start, self.end(0, text, start)?)))
    }

    pub fn is_match(&self, text: &str) -> bool {
        let marks: Vec<_> = text.char_indices().collect();
        self.find_from(&marks, 0).is_some()
    }

    pub fn split<'t>(&self, text: &'t str) -> std::vec::IntoIter<&'t str> {
        let marks: Vec<_> = text.char_indices().collect();
        let byte = |at: usize| marks.get(at).map_or(text.len(), |(byte, _)| *byte);
        let (mut parts, mut last, mut from) = (Vec::new(), 0, 0);
        while let Some((start, end)) = self.find_from(&marks, from) {
            if end > start {
                parts.push(&text[byte(last)..byte(start)]);
                last = end;
            }
            from = end.max(start + 1);
            if from > marks.len() {
                break;
            }
        }
        parts.push(&text[byte(last)..]);
        parts.into_iter()
    }
}
