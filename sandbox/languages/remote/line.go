// The line between a judge and a program: frames of typed values on descriptor 4. Both ends have
// this. What comes from the program is read with every length checked.

const rlvrMost = 64 << 20

var rlvrError = rlvrReflect.TypeOf((*error)(nil)).Elem()

// What a value of an interface may be, by name.
var rlvrKinds = map[string]rlvrReflect.Type{}

func init() {
	for _, each := range []interface{}{
		false, 0, int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0),
		uint64(0), float32(0), 0.0, "", []bool{}, []int{}, []int32{}, []int64{}, []uint8{},
		[]float64{}, []string{}, [][]int{}, [][]float64{}, [][]string{}, []interface{}{},
		[][]interface{}{}, map[string]int{}, map[int]int{}, map[string]string{}, map[int]string{},
		map[string]bool{}, map[int]bool{}, map[int32]int{}, map[string]interface{}{},
		map[interface{}]interface{}{}, [2]int{}, [2]string{}, [2]interface{}{},
	} {
		kind := rlvrReflect.TypeOf(each)
		rlvrKinds[kind.String()] = kind
	}
}

type rlvrReader struct{ rest []byte }

func (from *rlvrReader) take(count int) []byte {
	if count < 0 || count > len(from.rest) {
		panic("a value ends too early")
	}
	head := from.rest[:count]
	from.rest = from.rest[count:]
	return head
}

func (from *rlvrReader) number() uint64 { return rlvrBinary.LittleEndian.Uint64(from.take(8)) }

func (from *rlvrReader) count() int {
	count := from.number()
	if count > uint64(len(from.rest)) {
		panic("a value ends too early")
	}
	return int(count)
}

func rlvrPutNumber(out []byte, value uint64) []byte {
	var bytes [8]byte
	rlvrBinary.LittleEndian.PutUint64(bytes[:], value)
	return append(out, bytes[:]...)
}

func rlvrPutText(out []byte, text string) []byte {
	return append(rlvrPutNumber(out, uint64(len(text))), text...)
}

func rlvrPut(out []byte, value rlvrReflect.Value) []byte {
	switch value.Kind() {
	case rlvrReflect.Bool:
		if value.Bool() {
			return append(out, 1)
		}
		return append(out, 0)
	case rlvrReflect.Int, rlvrReflect.Int8, rlvrReflect.Int16, rlvrReflect.Int32, rlvrReflect.Int64:
		return rlvrPutNumber(out, uint64(value.Int()))
	case rlvrReflect.Uint, rlvrReflect.Uint8, rlvrReflect.Uint16, rlvrReflect.Uint32, rlvrReflect.Uint64:
		return rlvrPutNumber(out, value.Uint())
	case rlvrReflect.Float32, rlvrReflect.Float64:
		return rlvrPutNumber(out, rlvrMath.Float64bits(value.Float()))
	case rlvrReflect.String:
		return rlvrPutText(out, value.String())
	case rlvrReflect.Array:
		for n := 0; n < value.Len(); n++ {
			out = rlvrPut(out, value.Index(n))
		}
		return out
	case rlvrReflect.Slice:
		if value.IsNil() {
			return append(out, 0)
		}
		out = rlvrPutNumber(append(out, 1), uint64(value.Len()))
		for n := 0; n < value.Len(); n++ {
			out = rlvrPut(out, value.Index(n))
		}
		return out
	case rlvrReflect.Map:
		if value.IsNil() {
			return append(out, 0)
		}
		out = rlvrPutNumber(append(out, 1), uint64(value.Len()))
		for _, key := range value.MapKeys() {
			out = rlvrPut(rlvrPut(out, key), value.MapIndex(key))
		}
		return out
	case rlvrReflect.Interface:
		if value.IsNil() {
			return rlvrPutText(out, "")
		}
		if value.Type() == rlvrError {
			return rlvrPutText(rlvrPutText(out, "error"), value.Interface().(error).Error())
		}
		name := value.Elem().Type().String()
		if _, known := rlvrKinds[name]; !known {
			panic("a value of a type that cannot be sent: " + name)
		}
		return rlvrPut(rlvrPutText(out, name), value.Elem())
	}
	panic("a value of a type that cannot be sent: " + value.Type().String())
}

func rlvrGet(kind rlvrReflect.Type, from *rlvrReader) rlvrReflect.Value {
	value := rlvrReflect.New(kind).Elem()
	switch kind.Kind() {
	case rlvrReflect.Bool:
		value.SetBool(from.take(1)[0] != 0)
	case rlvrReflect.Int, rlvrReflect.Int8, rlvrReflect.Int16, rlvrReflect.Int32, rlvrReflect.Int64:
		value.SetInt(int64(from.number()))
	case rlvrReflect.Uint, rlvrReflect.Uint8, rlvrReflect.Uint16, rlvrReflect.Uint32, rlvrReflect.Uint64:
		value.SetUint(from.number())
	case rlvrReflect.Float32, rlvrReflect.Float64:
		value.SetFloat(rlvrMath.Float64frombits(from.number()))
	case rlvrReflect.String:
		value.SetString(string(from.take(from.count())))
	case rlvrReflect.Array:
		for n := 0; n < value.Len(); n++ {
			value.Index(n).Set(rlvrGet(kind.Elem(), from))
		}
	case rlvrReflect.Slice:
		if from.take(1)[0] == 0 {
			return value
		}
		count := from.count()
		value.Set(rlvrReflect.MakeSlice(kind, 0, 0))
		for n := 0; n < count; n++ {
			value.Set(rlvrReflect.Append(value, rlvrGet(kind.Elem(), from)))
		}
	case rlvrReflect.Map:
		if from.take(1)[0] == 0 {
			return value
		}
		count := from.count()
		value.Set(rlvrReflect.MakeMap(kind))
		for n := 0; n < count; n++ {
			key := rlvrGet(kind.Key(), from)
			value.SetMapIndex(key, rlvrGet(kind.Elem(), from))
		}
	case rlvrReflect.Interface:
		name := string(from.take(from.count()))
		if name == "" {
			return value
		}
		if kind == rlvrError {
			value.Set(rlvrReflect.ValueOf(rlvrErrors.New(string(from.take(from.count())))))
			return value
		}
		inner, known := rlvrKinds[name]
		if !known {
			panic("a value of a type that cannot be sent")
		}
		value.Set(rlvrGet(inner, from))
	default:
		panic("a value of a type that cannot be sent: " + kind.String())
	}
	return value
}

func rlvrSend(body []byte) {
	rest := append(rlvrPutNumber(nil, uint64(len(body))), body...)
	for len(rest) > 0 {
		count, err := rlvrSyscall.Write(4, rest)
		if err == rlvrSyscall.EINTR {
			continue
		}
		if err != nil || count <= 0 {
			return
		}
		rest = rest[count:]
	}
}

func rlvrRead(count int) []byte {
	body := make([]byte, 0, rlvrLeast(count, 1<<20))
	for len(body) < count {
		part := make([]byte, rlvrLeast(count-len(body), 1<<20))
		got, err := rlvrSyscall.Read(4, part)
		if err == rlvrSyscall.EINTR {
			continue
		}
		if err != nil || got <= 0 {
			return nil
		}
		body = append(body, part[:got]...)
	}
	return body
}

func rlvrLeast(one, other int) int {
	if one < other {
		return one
	}
	return other
}

// The body of the next frame, or nil where there is none.
func rlvrReceive() []byte {
	head := rlvrRead(8)
	if head == nil {
		return nil
	}
	size := rlvrBinary.LittleEndian.Uint64(head)
	if size == 0 || size > rlvrMost {
		return nil
	}
	return rlvrRead(int(size))
}

// What a function may change where its caller sees it.
func rlvrIsShared(kind rlvrReflect.Type) bool {
	return kind.Kind() == rlvrReflect.Slice || kind.Kind() == rlvrReflect.Map
}
